# SPDX-License-Identifier: MIT OR GPL-2.0-only
"""Where tests/vm/faults carries faults to: each context is a script and an event that enters it."""
import errno
import fcntl
import os
import re
import socket
import struct
import subprocess
import time

from guest import Kernel, frames

pin = "/sys/fs/bpf/faults"
node = "/dev/faults"

# How many times slower than usual the machine is
slowness = float(os.environ.get("LUNATIK_SLOWNESS", "1"))

kernel = Kernel()


class Log:
    """What the kernel has logged since the last look."""

    def __init__(self):
        self.file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.file, 0, os.SEEK_END)

    def read(self):
        text = ""
        while True:
            try:
                record = os.read(self.file, 8192).decode(errors="replace")
            except BlockingIOError:
                return text
            except OSError as error:
                if error.errno == errno.EPIPE:
                    continue
                raise
            record = record.partition(";")[2]
            # That the machine was held up is no one's fault here.
            if not record.startswith("hrtimer: interrupt took"):
                text += record


log = Log()
# Objects that only process runtimes have
sleeping = re.compile("(device|thread|notifier|socket)_")
# Those of one context only
of_context = {re.compile("netfilter"): "softirq", re.compile("probe_"): "hardirq"}
# Those that callbacks get as an argument, and what carries to such callbacks
of_callback = {"xtable.par": ("matched", "targeted"), "probe.registers": ("probed",)}
# A few of each kind, for contexts whose way into a runtime is another's; all where the context is named
essential = {
    "time": {"loop", "pcall", "gc", "pattern"},
    "memory": {"table", "string", "closures", "stack"},
    "stack": {"index", "pcall", "gsub", "sort", "wrap", "deep_calls"},
    "objects": {"data_getbyte", "data_setstring", "rcu_map", "runtime_resume", "netfilter.hook_stop", "netfilter_unregister",
                "probe_stop", "probe_enable", "probe_missed", *of_callback},
    "errors": {"error", "error_nil", "error_object", "nil_index", "zero", "yield"},
}


class Context:
    # Seconds; for faults of time
    budgets = (2, 0.3)
    options = ""
    state = "process"
    # What runs there may not sleep.
    atomic = False
    # The message for a result that is none; None where results mean nothing.
    verdict = None
    # Kinds of faults whose end the time limit may come before
    hasty = ()
    # Only what is essential is carried there, unless it is asked for.
    sampled = False
    # Faults that are none there
    not_here = ()

    @classmethod
    def carries(cls, kind, fault):
        if kind == "verdicts" and cls.verdict is None or kind == "objects" and cls.atomic and sleeping.match(fault):
            return False
        if kind == "objects" and any(name.match(fault) and cls.state != context for name, context in of_context.items()):
            return False
        if kind == "objects" and cls.carrier not in of_callback.get(fault, (cls.carrier,)):
            return False
        return f"{kind}.{fault}" not in cls.not_here and kind != "packets"

    def __init__(self, kind):
        self.budget = self.budgets[kind == "time"]
        kernel.do(f"require('lunatik')._ENV.fault_kind = '{kind}'")
        self.script = "tests/faults/" + self.carrier
        self.run()

    def run(self):
        options = (self.options + f" budget={int(self.budget * 1000)}").strip()
        kernel.do(f"require('lunatik.runner').run('{self.script}', '{options}')")

    def stop(self):
        kernel.do(f"require('lunatik.runner').stop('{self.script}')")

    def served(self):
        """Whether the runtime serves the next event."""
        return self.trigger("pass")[0]

    def trigger(self, fault):
        """Whether it ended well, and the message or the result."""
        raise NotImplementedError

    def judge(self, fault):
        log.read()
        good, text = self.trigger(fault)
        return good, text + "\n" + log.read()


class Process(Context):
    # Seconds of the CPU; in them the script is read, too.
    budgets = (2 * slowness, 0.3 * slowness)


class Read(Process):
    carrier, verdict = "read", ""

    @classmethod
    def carries(cls, kind, fault):
        return kind != "verdicts" and super().carries(kind, fault)

    def __init__(self, kind):
        super().__init__(kind)
        self.file = os.open(node, os.O_RDWR)

    def trigger(self, fault):
        os.write(self.file, fault.encode())
        try:
            return True, os.read(self.file, 100).decode(errors="replace")
        except OSError as error:
            return False, errno.errorcode[error.errno]

    def stop(self):
        os.close(self.file)
        super().stop()


class Packet(Context):
    carrier, budgets, options = "packet", (0.5, 0.01 * slowness), "softirq"
    state, atomic, verdict = "softirq", True, "returned no XDP action"
    program = None

    @classmethod
    def carries(cls, kind, fault):
        return kind == "packets" or super().carries(kind, fault)

    def trigger(self, fault):
        Packet.program = Packet.program or frames.Program(pin)
        verdict = Packet.program.run(frames.request(self.script, fault))
        return verdict != -1, f"verdict {verdict}"


class PercpuPacket(Packet):
    options = "softirq percpu"

    @classmethod
    def carries(cls, kind, fault):
        return kind in ("packets", "verdicts")


class Netfilter(Context):
    carrier, budgets, options = "hook", (0.5, 0.01 * slowness), "softirq"
    state, atomic, verdict, sampled = "softirq", True, "returned no verdict", True
    # There it is STOP.
    not_here = {"verdicts.beyond"}
    receiver = None

    def trigger(self, fault):
        if not Netfilter.receiver:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            Netfilter.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            Netfilter.receiver.bind(("127.0.0.1", 9))
            Netfilter.receiver.settimeout(5)
            Netfilter.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        log.read()
        Netfilter.sender.sendto(fault.encode(), ("127.0.0.1", 9))
        # The safe verdict: whatever happens, it arrives.
        arrived = Netfilter.receiver.recv(100).decode()
        text = log.read()
        return arrived == fault and not text.strip(), text


class Match(Netfilter):
    """A rule of iptables. It goes before its script: while that is not running, iptables changes no table with it."""
    carrier, verdict, rule = "matched", "returned no boolean", ["-m", "luaplain"]
    not_here = {"errors.result_boolean"}

    def __init__(self, kind):
        super().__init__(kind)
        subprocess.run(["iptables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", "9"] + self.rule, check=True)

    def stop(self):
        subprocess.run(["iptables-legacy", "-F", "OUTPUT"], check=True)
        super().stop()


class Target(Match):
    carrier, verdict, rule = "targeted", "returned no verdict", ["-j", "luaplain"]
    not_here = {"verdicts.beyond"}


class Hardirq(Context):
    carrier, budgets, options = "resumed", (0.1, 0.001 * slowness), "hardirq"
    state, atomic, hasty, not_here = "hardirq", True, ("stack",), {"errors.yield"}

    def trigger(self, fault):
        text = kernel.do(f"local r = require('lunatik')._ENV.runtimes['{self.script}'] return pcall(r.resume, r, '{fault}')")
        return text.startswith("true"), text

    def served(self):
        # Its function has ended with the error: another one may be run.
        self.stop()
        self.run()
        return self.trigger("pass")[0]


class Probe(Context):
    carrier, budgets, options = "probed", (0.1, 0.001 * slowness), "hardirq"
    state, atomic, hasty, sampled = "hardirq", True, ("stack",), True

    def trigger(self, fault):
        kernel.do(f"local e = require('lunatik')._ENV e.fault_ended, e.fault = nil, '{fault}'")
        os.getsid(0)
        ended = kernel.do("return tostring(require('lunatik')._ENV.fault_ended)")
        return ended == fault, f"ended: {ended}"

    def served(self):
        # Of a CPU's time handlers have a share, which one that took long leaves nothing of for a while.
        return any(self.trigger("pass")[0] or time.sleep(0.1) for _ in range(20))


class Start(Process):
    carrier = "start"

    def run(self):
        pass

    def stop(self):
        pass

    def trigger(self, fault):
        kernel.do(f"require('lunatik')._ENV.fault = '{fault}'")
        status, text = kernel.ask(f"require('lunatik.runner').run('{self.script}', 'budget={int(self.budget * 1000)}')")
        if status == "ok":
            super().stop()
        return status == "ok", text


class Thread(Context):
    carrier, budgets = "resumed", (1, 1)
    not_here = {"errors.yield"}

    def run(self):
        pass

    def stop(self):
        status, text = kernel.ask(f"require('lunatik.runner').stop('{self.script}')")
        if status != "ok" and "is not running" not in text:
            raise RuntimeError(text)

    def trigger(self, fault):
        kernel.do(f"require('lunatik')._ENV.fault = '{fault}'")
        kernel.do(f"require('lunatik.runner').spawn('{self.script}')")
        # It runs as long as it likes: what ends by itself has a moment for it.
        time.sleep(0.05)
        text = ""
        for _ in range(0 if self.endless else 200):
            text += log.read()
            if fault == "pass" or text:
                break
            time.sleep(0.02)
        self.stop()
        text += log.read()
        return not text.strip(), text

    endless = False


class Notifier(Context):
    """The change of a network device's MTU, which the kernel tells with RTNL."""
    budgets = Process.budgets
    carrier, verdict, hasty, sampled = "notified", "returned no value of notifier.notify", ("stack", "memory"), True

    def __init__(self, kind):
        super().__init__(kind)
        subprocess.run(["ip", "link", "add", "faults", "type", "dummy"], check=True)
        self.mtu = 1500

    def trigger(self, fault):
        kernel.do(f"require('lunatik')._ENV.fault = '{fault}'")
        log.read()
        self.mtu ^= 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8922, struct.pack("16si20x", b"faults", self.mtu)) # SIOCSIFMTU
        text = log.read()
        return not text.strip(), text

    def stop(self):
        super().stop()
        subprocess.run(["ip", "link", "delete", "faults"], check=True)


contexts = {"start": Start, "read": Read, "packet": Packet, "percpu": PercpuPacket, "netfilter": Netfilter, "match": Match,
            "target": Target, "hardirq": Hardirq, "probe": Probe, "thread": Thread, "notifier": Notifier}
