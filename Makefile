# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
#
# The README's commands, as a front end to Meson.

BUILD = build
MESON_OPTIONS =
# How long "make fuzz" runs each fuzzer.
FUZZ_SECONDS = 60
# The Debian suites and rooms (test/fresh/rooms.py) that "make test-fresh" runs; all rooms if ROOMS is empty.
SUITES = bookworm trixie
ROOMS =
# The pictures in docs/pictures that "make pictures" makes.
PICTURES = apps status top apps.zh_CN status.zh_CN top.zh_CN

# The demo and the tests create network namespaces and cgroups, which requires root.
ROOT = tools/as-root
export RUN_AS_ROOT ?= make $(MAKECMDGOALS)

# For targets that don't work in a tree from a tarball.
NEEDS_GIT = @[ -e .git ] || { echo 'make $@: this needs a git checkout, and here is none (no .git); clone the repository for it.' >&2; exit 1; }

.PHONY: all demo test test-long test-sanitized test-systemd test-kernel test-fresh test-faults bench bench-check bench-docs translations install format lint lint-deb clean fuzz dist deb source-tarball tarball packages

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo 'Meson is missing; "tools/install-dependencies build" installs what a build needs.' >&2; exit 1; }
	meson setup $(MESON_OPTIONS) $(BUILD)

demo:
	@tools/install-dependencies build demo
	@tools/quietly $(BUILD)/build.log Building $(MAKE) --no-print-directory all
	@$(ROOT) env CGTPROXY=$(BUILD)/cgtproxy demo/demo.py

# Tests that take minutes, or more rounds of other tests; see pytest.ini. "make test" runs the rest.
test-long: RUN = --long

test test-long:
	@tools/install-dependencies build test pictures
	@tools/quietly $(BUILD)/build.log Building $(MAKE) --no-print-directory all-with-tests
	@$(ROOT) tools/run-tests $(RUN) $(BUILD)

.PHONY: all-with-tests
all-with-tests: $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=true
	ninja -C $(BUILD)

# The same tests under the address and undefined-behaviour sanitizers.
test-sanitized:
	@CGTPROXY_TEST_KILLS=20 $(MAKE) --no-print-directory test BUILD=build-sanitized MESON_OPTIONS="-Db_sanitize=address,undefined"

# Tests with the Debian package under a real systemd in its own namespaces.
test-systemd:
	@tools/install-dependencies test systemd
	@$(MAKE) --no-print-directory deb
	@$(ROOT) env CGTPROXY_PACKAGES=$(abspath $(BUILD))/deb PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m pytest -q -p no:cacheprovider test/systemd

# Makes each call fail with each errno at each call site; "make test" runs a selection.
test-faults:
	@tools/install-dependencies build test
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=true
	@$(MAKE) --no-print-directory all
	@$(ROOT) env CGTPROXY_FAULTS=all tools/run-tests $(BUILD) test/fault

# Debian's kernel 6.1 in a virtual machine, which doesn't support persistent owned tables.
test-kernel:
	@tools/install-dependencies build test kernel
	@$(MAKE) --no-print-directory all
	@$(ROOT) test/kernel/run $(BUILD)

# The README's commands on minimal Debians, each in its own root and namespaces. Tests only what is committed.
test-fresh:
	$(NEEDS_GIT)
	@tools/install-dependencies fresh
	@mkdir -p $(BUILD)
	@$(ROOT) env SUITES="$(SUITES)" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test/fresh/run $(BUILD) $(ROOMS)

# Fuzzing under the sanitizers; needs clang, which provides libFuzzer.
fuzz:
	@tools/install-dependencies build fuzz
	test/fuzz/run build-fuzz $(FUZZ_SECONDS)

# Takes a few minutes; the machine should be idle otherwise.
bench: bench-driver
	@tools/install-dependencies bench
	@$(ROOT) env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 bench/bench.py $(BUILD)

# The short form for CI: counts only.
bench-check: bench-driver
	@tools/install-dependencies bench-check
	@$(ROOT) env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 bench/check.py $(BUILD)

# Updates the documents with the figures of the last "make bench".
bench-docs:
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 bench/docs.py $(BUILD)

# Makes the documentation's pictures of commands anew.
.PHONY: pictures
pictures:
	@tools/install-dependencies build pictures
	@tools/quietly $(BUILD)/build.log Building $(MAKE) --no-print-directory all
	@rm -rf $(BUILD)/pictures
	@mkdir $(BUILD)/pictures
	@$(ROOT) env CGTPROXY=$(BUILD)/cgtproxy tools/make-pictures $(BUILD)/pictures $(PICTURES)
	cp $(BUILD)/pictures/*.svg docs/pictures/

.PHONY: bench-driver
bench-driver:
	@tools/install-dependencies build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@meson setup --reconfigure -Dbench=true $(BUILD) >/dev/null
	@$(MAKE) --no-print-directory all

# Merges new and changed messages into the catalogues of po.
translations:
	@tools/install-dependencies build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD) cgtproxy-pot cgtproxy-update-po

install: all
	meson install --no-rebuild -C $(BUILD)

# Makes a tarball of what is committed, in build/meson-dist, and builds and tests it.
dist:
	$(NEEDS_GIT)
	@tools/install-dependencies build unit
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=true
	meson dist -C $(BUILD)

# A Debian package, in build/deb.
deb:
	@tools/install-dependencies build deb
	tools/build-deb $(BUILD)/deb

# An OCI image with nothing but the daemon, in build/image.
.PHONY: image test-image
image: deb
	@tools/install-dependencies image
	@tools/quietly $(BUILD)/image.log "Building: image" tools/build-image $(BUILD)/deb $(BUILD)/image
	@tail -n 1 $(BUILD)/image.log

# Runs it with Podman, as the manifest for Kubernetes says.
test-image: image
	@tools/install-dependencies test-image
	@$(ROOT) env CGTPROXY_IMAGE=$(abspath $(BUILD))/image/cgtproxy.oci.tar PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m pytest -q -p no:cacheprovider test/image

# The source that packages are built from, in build/packages.
source-tarball:
	@tools/source-tarball $(BUILD)/packages

# To be unpacked in /opt of any system with glibc, in build/packages.
tarball:
	@tools/install-dependencies build packages
	tools/build-tarball $(BUILD)/packages

# The tarball and the packages for other systems, in build/packages, built and inspected.
packages:
	@tools/install-dependencies build packages
	@rm -rf $(BUILD)/packages
	@for kind in arch rpm tarball; do \
		tools/quietly $(BUILD)/packages-$$kind.log "Building: $$kind" tools/build-$$kind $(BUILD)/packages || exit 1; \
	done
	@$(ROOT) env CGTPROXY_PACKAGES=$(abspath $(BUILD))/packages PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m pytest -q -p no:cacheprovider test/packages

format:
	$(NEEDS_GIT)
	clang-format -i $$(git ls-files '*.c' '*.h' '*.cc')

lint:
	$(NEEDS_GIT)
	@tools/install-dependencies build test lint
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	meson setup --reconfigure -Dwerror=true -Dtests=true -Dbench=true $(BUILD)
	@$(MAKE) --no-print-directory all
	tools/lint $(BUILD); code=$$?; meson configure -Dwerror=false $(BUILD); exit $$code

# Checks the package with lintian.
lint-deb:
	@tools/install-dependencies lint-deb
	@$(MAKE) --no-print-directory deb
	lintian --info --pedantic --fail-on error,warning,info,pedantic $(BUILD)/deb/*.changes

clean:
	rm -rf build build-sanitized build-fuzz
