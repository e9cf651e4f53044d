# SPDX-License-Identifier: MIT OR GPL-2.0-only
# make            builds the kernel modules for KERNEL, the command and the XDP examples
# make install    installs them, below DESTDIR if set
# make demo       shows the main job in a virtual machine
# make check      runs the tests
# Everything made is in build/.

KERNEL ?= $(shell tools/kernel-release)
HEADERS ?= /lib/modules/$(KERNEL)/build
OUT := $(CURDIR)/build/$(KERNEL)
TEST_MODULES := mydevice

all: modules

# The kernel builds where the sources are, so they are linked into a folder for each kernel.
sources := Kbuild src include lua klibc lib
modules: fetch
	@mkdir -p $(OUT)
	@find $(OUT) -xtype l -delete
	@cp -rsn $(addprefix $(CURDIR)/,$(sources)) $(OUT)
	@ln -sfn ../lua $(OUT)/lua-src
	$(MAKE) -C $(HEADERS) M=$(OUT) modules

fetch:
	@lua/fetch build/lua

test-modules: modules
	@mkdir -p $(OUT)/tests
	@cp -rsn $(addprefix $(CURDIR)/tests/,$(TEST_MODULES)) $(OUT)/tests
	for module in $(TEST_MODULES); do $(MAKE) -C $(HEADERS) M=$(OUT)/tests/$$module LUNATIK=$(OUT) modules || exit; done

modules_to := $(DESTDIR)/lib/modules/$(KERNEL)/updates/lunatik
scripts_to := $(DESTDIR)/lib/modules/lua
install:
	install -d $(modules_to) $(scripts_to)
	install -m 644 $(OUT)/*.ko $(modules_to)

.PHONY: all modules fetch test-modules install
