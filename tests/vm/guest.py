# SPDX-License-Identifier: MIT OR GPL-2.0-only
"""What the tests in Python share, inside of the virtual machine: /dev/lunatik, and the packets of tests/vm/frames."""
import errno
import importlib.machinery
import importlib.util
import os

here = os.path.dirname(os.path.abspath(__file__))
_loader = importlib.machinery.SourceFileLoader("frames", os.path.join(here, "frames"))
frames = importlib.util.module_from_spec(importlib.util.spec_from_loader("frames", _loader))
_loader.exec_module(frames)


class Kernel:
    """/dev/lunatik."""

    def __init__(self):
        self.file = os.open("/dev/lunatik", os.O_RDWR)

    def ask(self, source):
        """The answer's first line and the rest; None and an errno's name when the request itself failed."""
        try:
            os.write(self.file, source if isinstance(source, bytes) else source.encode())
            answer = b""
            while part := os.read(self.file, 65536):
                answer += part
        except OSError as error:
            return None, errno.errorcode[error.errno]
        status, _, text = answer.decode(errors="replace").partition("\n")
        return status, text.rstrip("\n")

    def do(self, source):
        """The result of what has to succeed."""
        status, text = self.ask(source)
        if status != "ok":
            raise RuntimeError(f"{source}: {text}")
        return text
