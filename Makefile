# SPDX-License-Identifier: MIT OR GPL-2.0-only
# make            builds the kernel modules for KERNEL, and the command
# make install    installs them, below DESTDIR if set
# make demo       shows the main job in a virtual machine
# make check      runs the tests
# Everything made is in build/.

KERNEL ?= $(shell tools/kernel-release)
HEADERS ?= /lib/modules/$(KERNEL)/build
OUT := $(CURDIR)/build/$(KERNEL)

all: modules

# The kernel builds where the sources are, so they are linked into a folder for each kernel.
sources := Kbuild src include lua klibc lib
modules: fetch link
	$(MAKE) -C $(HEADERS) M=$(OUT) modules

fetch:
	lua/fetch build/lua

link:
	mkdir -p $(OUT)
	find $(OUT) -xtype l -delete
	cp -rsn $(addprefix $(CURDIR)/,$(sources)) $(OUT)
	ln -sfn ../lua $(OUT)/lua-src

.PHONY: all modules fetch link
