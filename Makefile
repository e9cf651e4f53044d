# SPDX-License-Identifier: MIT OR GPL-2.0-only
# make            builds the kernel modules for KERNEL, the command, the XDP examples and those for iptables
# make install    installs them, below DESTDIR if set
# make demo       shows the main job in a virtual machine
# make check      runs the tests
# make bench      measures what things cost, and writes docs/bench.md
# make check-debug  runs them on a debug kernel, which it builds
# Everything made is in build/.

KERNEL ?= $(shell tools/kernel-release)
HEADERS ?= /lib/modules/$(KERNEL)/build
OUT := $(CURDIR)/build/$(KERNEL)
# The types of that kernel: Debian puts them beside the headers of 6.12, every kernel tells its own, and its image has them.
VMLINUX ?= $(firstword $(wildcard $(HEADERS)/vmlinux $(if $(filter $(shell uname -r),$(KERNEL)),/sys/kernel/btf/vmlinux)) \
	$(if $(wildcard /boot/vmlinuz-$(KERNEL)),$(OUT)/vmlinux))
TEST_MODULES := mydevice stackmark nfbench

all: modules command examples extensions

# The kernel builds where the sources are, so they are linked into a folder for each kernel.
sources := Kbuild src include lua klibc lib
modules: prerequisites fetch $(filter $(OUT)/vmlinux,$(VMLINUX))
	@mkdir -p $(OUT)
	@find $(OUT) -xtype l -delete
	@cp -rsn $(addprefix $(CURDIR)/,$(sources)) $(OUT)
	@ln -sfn ../lua $(OUT)/lua-src
	$(MAKE) -C $(HEADERS) M=$(OUT) modules
	$(if $(wildcard $(HEADERS)/vmlinux),,$(add-btf))

# Where the headers come without the kernel's types, the kernel's build leaves ours out; those of 6.1 come without this tool, too.
resolve-btfids = $(firstword $(wildcard $(HEADERS)/tools/bpf/resolve_btfids/resolve_btfids /usr/lib/linux-kbuild-*/tools/bpf/resolve_btfids/resolve_btfids))
define add-btf
for module in $(OUT)/*.ko; do \
	LLVM_OBJCOPY=objcopy pahole -J --btf_base $(VMLINUX) $$module && \
	$(resolve-btfids) -b $(VMLINUX) $$module || exit; \
done
endef

prerequisites:
	@tools/require-build '$(KERNEL)' '$(HEADERS)' '$(VMLINUX)'

$(OUT)/vmlinux: /boot/vmlinuz-$(KERNEL)
	@tools/kernel-types $< $@

fetch: prerequisites
	@lua/fetch build/lua

# The lunatik command, which says the version that git describes
command:
	$(MAKE) -C bin VERSION='$(shell git describe --tags --always 2>/dev/null || echo unreleased)'

# XDP programs in C, for the types of this kernel
programs := $(patsubst %.c,$(OUT)/%.o,$(wildcard examples/*/*.c))
examples: $(programs)

$(OUT)/vmlinux.h: $(VMLINUX)
	@mkdir -p $(@D)
	bpftool btf dump file $< format c > $@.tmp
	mv $@.tmp $@

bpf = clang -target bpf -g -O2 -Wall -Wno-missing-declarations -I$(OUT) $(1) -c $< -o $@

$(OUT)/examples/%.o: examples/%.c $(OUT)/vmlinux.h
	@mkdir -p $(@D)
	$(call bpf)

# What iptables loads for the examples that extend it, and for the tests
extensions := $(wildcard examples/*/libxt_*.lua)
test-extensions := $(wildcard tests/xtable/libxt_*.lua)
# For each of them: make -C usr/lib/xtable GOAL
for-each = +$(foreach file,$(1),$(MAKE) -s -C usr/lib/xtable LUAXTABLE_MODULE=$(patsubst libxt_%.lua,%,$(notdir $(file))) \
	LUAXTABLE_SOURCE=$(abspath $(dir $(file))) DESTDIR=$(abspath $(DESTDIR)) $(2) &&) true
extensions:
	$(call for-each,$(extensions),all)

# The cases of the packet-cost benchmark
bench-scripts := null drop sni drop-packet sni-packet
# Scripts alone, without a program
bench-scripts-only := netfilter netfilter-packet xtable plain
bench-programs := $(addprefix $(OUT)/bench/,empty.o port.o $(bench-scripts:%=call-%.o))
bench-programs: $(bench-programs)

$(OUT)/bench/call-%.o: tests/bench/call.c $(OUT)/vmlinux.h
	@mkdir -p $(@D)
	$(call bpf,-DSCRIPT='"$*"')

$(OUT)/bench/%.o: tests/bench/%.c $(OUT)/vmlinux.h
	@mkdir -p $(@D)
	$(call bpf)

# The XDP programs of the tests
test-programs := $(patsubst tests/xdp/%.c,$(OUT)/tests/xdp/%.o,$(wildcard tests/xdp/*.c))
test-programs: $(test-programs)

$(OUT)/tests/xdp/%.o: tests/xdp/%.c $(OUT)/vmlinux.h
	@mkdir -p $(@D)
	$(call bpf)

test-modules: modules
	@mkdir -p $(OUT)/tests
	@cp -rsn $(addprefix $(CURDIR)/tests/,$(TEST_MODULES)) $(OUT)/tests
	for module in $(TEST_MODULES); do $(MAKE) -C $(HEADERS) M=$(OUT)/tests/$$module LUNATIK=$(OUT) modules || exit; done

# Below DESTDIR nothing of the machine is touched, and depmod is left to whoever packages it.
prefix ?= /usr/local
modules_to := $(DESTDIR)/lib/modules/$(KERNEL)/updates/lunatik
scripts_to := $(DESTDIR)/lib/modules/lua
completions_to := $(DESTDIR)$(prefix)/share/bash-completion/completions
install:
	install -d $(modules_to) $(scripts_to)/examples $(DESTDIR)$(prefix)/sbin
	install -m 644 $(OUT)/*.ko $(modules_to)
	install -m 644 driver.lua $(scripts_to)
	cd lib && find . -name '*.lua' -exec install -D -m 644 {} $(abspath $(scripts_to))/{} \;
	cd examples && find . -name '*.lua' ! -name 'libxt_*' -exec install -D -m 644 {} $(abspath $(scripts_to))/examples/{} \;
	cd examples && find . -type f -perm -u+x -exec install -D -m 755 {} $(abspath $(scripts_to))/examples/{} \;
	cd $(OUT)/examples && find . -name '*.o' -exec install -D -m 644 {} $(abspath $(scripts_to))/examples/{} \;
	$(call for-each,$(extensions),install)
	install -m 755 build/bin/lunatik $(DESTDIR)$(prefix)/sbin
	install -d $(completions_to)
	build/bin/lunatik completion >$(completions_to)/lunatik
	$(if $(DESTDIR),,depmod $(KERNEL))

# What the tests use, beside what is installed
install-tests:
	install -d $(modules_to) $(scripts_to)/bench
	install -m 644 $(foreach module,$(TEST_MODULES),$(OUT)/tests/$(module)/$(module).ko) $(modules_to)
	cd tests/lua && find . -name '*.lua' -exec install -D -m 644 {} $(abspath $(scripts_to))/tests/{} \;
	install -m 644 $(patsubst %,tests/bench/%.lua,$(bench-scripts) $(bench-scripts-only)) $(scripts_to)/bench
	$(call for-each,$(test-extensions),install)

# Installs what it needs; the last line is "N passed, N failed". PARTS="host vm" runs these parts only.
check:
	@tools/setup build kernel vm demo test old
	@$(MAKE) -s -j$$(nproc) check-built $(if $(filter command,$(origin KERNEL)),,KERNEL=$$(tools/kernel-release --virtual))

check-built: all test-modules test-programs bench-programs
	$(MAKE) -C bin ../build/bin/units
	$(MAKE) -C tests/host
	$(MAKE) -C tests/fuzz
	tests/run $(KERNEL) $(PARTS)

# Half an hour, on a machine that does nothing else
bench:
	@tools/setup build kernel vm demo test bench
	@$(MAKE) -s -j$$(nproc) bench-built $(if $(filter command,$(origin KERNEL)),,KERNEL=$$(tools/kernel-release --virtual))

bench-built: all test-modules bench-programs
	@tests/bench/run $(KERNEL)

# The tests of the virtual machine on a kernel with all checkers, which is built first: an hour or two
check-debug:
	@tools/setup build kernel vm demo test debug
	@tools/debug/check

uninstall:
	$(call for-each,$(extensions),uninstall)
	rm -rf $(modules_to) $(scripts_to) $(DESTDIR)$(prefix)/sbin/lunatik $(completions_to)/lunatik
	$(if $(DESTDIR),,depmod $(KERNEL))

clean:
	rm -rf build

.PHONY: all modules command examples extensions bench-programs test-programs prerequisites fetch test-modules install install-tests check check-built bench bench-built check-debug uninstall clean

demo:
	@tools/demo

.PHONY: demo
