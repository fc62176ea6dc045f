# tidegate. `make help` lists the targets; V=1 shows the commands; FLAVOUR=debug|asan|cov builds another tree.
# Nothing is asked of the system while this file is read: tools/setup may first have to install a compiler.

FLAVOUR ?= release
BUILD   := build/$(FLAVOUR)
BINARY  := $(if $(filter release,$(FLAVOUR)),build/tidegate,$(BUILD)/tidegate)
VERSION := $(or $(VERSION),$(shell git describe --tags --always --dirty 2>/dev/null),0.1.0)
PYTHON  ?= .venv/bin/python

# Where `make install` puts things; DESTDIR stands in front of all of them.
PREFIX        ?= /usr/local
BINDIR        ?= $(PREFIX)/bin
MANDIR        ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

# ---- flags ----

flags_release := -O2 -g -D_FORTIFY_SOURCE=2
flags_debug   := -O0 -g3
flags_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_cov     := -O0 -g --coverage
$(if $(flags_$(FLAVOUR)),,$(error FLAVOUR is release, debug, asan or cov, not '$(FLAVOUR)'))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough $(if $(CI),-Werror)

# Lua and cjson are linked in whole and the Lua API is exported, so that C modules can be loaded (busted needs three).
# Where there is no static Lua: make LUA_LIBS='-llua5.4 -llua5.4-cjson'.
PACKAGES := lua5.4 lua5.4-cjson libcurl libcrypto expat sqlite3
LUA_LIBS ?= -Wl,--whole-archive -l:liblua5.4.a -Wl,--no-whole-archive -l:liblua5.4-cjson.a -lm -ldl

pkg_cflags = $(eval pkg_cflags := $$(shell pkg-config --cflags $(PACKAGES)))$(pkg_cflags)
pkg_libs   = $(eval pkg_libs := $$(shell pkg-config --libs libcurl libcrypto expat sqlite3))$(pkg_libs)

CFLAGS      ?=
all_cflags   = -std=c11 -D_GNU_SOURCE -Isrc -fno-common $(flags_$(FLAVOUR)) $(WARNINGS) $(pkg_cflags) $(CFLAGS)
all_ldflags  = $(flags_$(FLAVOUR)) -Wl,-E -Wl,--as-needed -Wl,-z,relro,-z,now $(LDFLAGS)
all_libs     = $(LUA_LIBS) $(pkg_libs)

# ---- what is built from what ----

SOURCES     := $(filter-out src/main.c,$(shell find src -name '*.c' | LC_ALL=C sort))
VERSIONED   := $(shell grep -lrw TIDEGATE_VERSION --include='*.c' src)
TEST_MAINS  := $(wildcard c_tests/test_*.c)
TEST_PARTS  := $(filter-out $(TEST_MAINS),$(wildcard c_tests/*.c))
ARCHIVE     := $(BUILD)/libtidegate.a
EMBEDDED    := $(BUILD)/build/embedded.o
C_TESTS     := $(TEST_MAINS:%.c=$(BUILD)/%)
object       = $(1:%.c=$(BUILD)/%.o)

# One line a step, or the command itself with V=1.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))
Q  := $(if $(V),,@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE all test c-test lua-test prove faults kills orders lint asan demo image install \
        uninstall setup install-deps clean help need-build need-test need-proof need-lint

all: build/tidegate ## build build/tidegate (the default)

build/tidegate: build/release/tidegate
	@ln -f $< $@

$(BUILD)/tidegate: $(BUILD)/src/main.o $(EMBEDDED) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(all_ldflags) -o $@ $^ $(all_libs)

$(ARCHIVE): $(call object,$(SOURCES)) $(BUILD)/.sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(BUILD)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) $(version_$<) -MMD -MP -c -o $@ $<

$(BUILD)/c_tests/test_%: $(BUILD)/c_tests/test_%.o $(call object,$(TEST_PARTS)) $(EMBEDDED) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(all_ldflags) -o $@ $^ -lcmocka $(all_libs)

$(call object,$(TEST_MAINS) $(TEST_PARTS)): | need-test

# Only the file that tells the version is compiled again when the version changes.
$(foreach f,$(VERSIONED),$(eval version_$(f) := -DTIDEGATE_VERSION='"$(VERSION)"'))
$(call object,$(VERSIONED)): $(BUILD)/.version

# Files written anew only when what they say has changed.
keep = @mkdir -p $(@D) && { $(1); } >$@.tmp && if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

$(BUILD)/.flags: FORCE | need-build
	$(call keep,echo '$(CC) $(all_cflags) $(all_ldflags) $(all_libs)')
$(BUILD)/.sources: FORCE
	$(call keep,echo '$(SOURCES)')
$(BUILD)/.version: FORCE
	$(call keep,echo '$(VERSION)')
build/embedded.c: FORCE
	$(call keep,tools/embed scripts)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- what is done with it ----

test: need-test $(BINARY) $(C_TESTS) ## all tests: C, Lua, and end to end judged from Python
	@PYTHON=$(PYTHON) tools/suite $(BUILD) $(BINARY) c lua e2e

c-test: need-test $(C_TESTS) ## the C tests alone (cmocka)
	@tools/suite $(BUILD) $(BINARY) c

lua-test: need-test $(BINARY) ## the Lua tests alone (busted, inside the binary)
	@tools/suite $(BUILD) $(BINARY) lua

faults: need-proof $(BINARY) ## what goes wrong in the world, row by row, and what came of it
kills: need-proof $(BINARY) ## processes killed at every step and at random: nothing is lost
orders: need-proof $(BINARY) ## any order, any repetition: the policy converge ends the same
faults kills orders:
	@PYTHON=$(PYTHON) tools/suite $(BUILD) $(BINARY) $@

prove: need-proof $(BINARY) ## the three proofs above, which take too long for `make test`
	@PYTHON=$(PYTHON) tools/suite $(BUILD) $(BINARY) faults kills orders

asan: ## all tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory FLAVOUR=asan test

lint: need-lint ## the rules of ARCHITECTURE.md: layers, sizes, banned calls, luacheck, shellcheck
	@tools/lint

demo: all ## 300 requests through a queue into a directory, and what came of them
	@tools/demo build/tidegate

image: ## the container image, built with buildah (with Docker: docker build .)
	@tools/image

installed = $(BINDIR)/tidegate $(MANDIR)/man1/tidegate.1 $(COMPLETIONDIR)/tidegate

install: all ## the program, its man page and its completion for bash (PREFIX, DESTDIR)
	install -Ds -m 755 build/tidegate $(DESTDIR)$(BINDIR)/tidegate
	install -D -m 644 docs/tidegate.1 $(DESTDIR)$(MANDIR)/man1/tidegate.1
	install -D -m 644 share/tidegate.bash $(DESTDIR)$(COMPLETIONDIR)/tidegate

uninstall: ## what install put there
	rm -f $(addprefix $(DESTDIR),$(installed))

setup: need-test ## install what building and testing need, and nothing that is there
install-deps: setup

clean: ## remove everything built (the .venv stays)
	rm -rf build

help: ## this list
	@printf 'usage: make [TARGET] [FLAVOUR=release|debug|asan|cov] [V=1] [CI=1]\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

need-build:
	@tools/setup build
need-test: need-build
	@tools/setup test
need-proof: need-build
	@tools/setup proof
need-lint: need-build
	@tools/setup lint
