# Mangoplan: build, test, check. "make help" lists what there is.
#
# Variants, each in its own folder:  make SAN=address,undefined   build/asan
#                                    make SAN=thread              build/tsan
#                                    make COV=1                   build/cov
#                                    make                         build
# CC=gcc and CC=clang both work; a change of compiler or flags rebuilds by itself.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash

ifeq ($(origin CC),default)
CC := gcc
endif

# ---------------------------------------------------------------------------------------------
# Pure modules: no I/O, no clock, no log, no environment (the fences check it), and over 95 % of
# their lines covered by unit tests (make coverage). Paths without the extension.
PURE := \
    common/address \
    common/alert \
    common/budget_level \
    common/dead/fault \
    common/dead/filter \
    common/dead/letter \
    common/dead/shelf \
    common/dead/show \
    common/backoff \
    common/buf \
    common/doctor/doctor_remedy \
    common/doctor/evidence \
    common/doctor/strays \
    common/doctor/whole_list \
    common/err \
    common/event \
    common/fact \
    common/forgotten \
    common/http_skew \
    common/jflat \
    common/job \
    common/jout \
    common/jval \
    common/kafka/layout \
    common/kafka/props \
    common/kafka/stats \
    common/masked \
    common/murmur2 \
    common/num \
    common/offsets \
    common/outcome \
    common/phone \
    common/reconcile/history \
    common/reconcile/history_events \
    common/reconcile/known \
    common/retry_after \
    common/sent_mark \
    common/story/brief \
    common/story/row \
    common/story/story \
    common/settings/diff \
    common/settings/employees \
    common/settings/hours \
    common/settings/read \
    common/sha256 \
    common/share \
    common/str \
    common/text \
    common/tz \
    common/tz_rule \
    common/url \
    common/worktime \
    ingest/accept \
    ingest/admin/headers \
    ingest/admin/login \
    ingest/admin/path \
    ingest/admin/propose \
    ingest/admin/session \
    ingest/admin/static \
    ingest/admin/try_call \
    ingest/cidr \
    ingest/entry \
    ingest/form \
    ingest/head \
    ingest/unauthorized \
    worker/calls/book \
    worker/calls/decide \
    worker/calls/fold \
    worker/calls/leg \
    worker/calls/notice \
    worker/calls/person \
    worker/calls/progress \
    worker/calls/ringing \
    worker/calls/view \
    worker/crm/agenda \
    worker/crm/alert_state \
    worker/crm/budget \
    worker/crm/budget_memory \
    worker/crm/facts \
    worker/crm/facts_job \
    worker/crm/gate \
    worker/crm/hold \
    worker/crm/known \
    worker/crm/known_due \
    worker/crm/lanes \
    worker/crm/pbx \
    worker/crm/reconcile_calls \
    worker/crm/reconcile_plan \
    worker/crm/reconcile_seen \
    worker/crm/look \
    worker/crm/service \
    worker/crm/shelf \
    worker/held \
    worker/mark \
    worker/poison \
    worker/tools/explain_state \
    worker/tools/explain_tell \
    worker/tools/forget_traces \
    worker/tools/kit/args \
    worker/tools/replay_fold \
    worker/tools/replay_plan \
    worker/tools/replay_question \
    worker/tools/replay_stands \
    $(basename $(wildcard common/mango/*.c common/megaplan/*.c worker/calls/rules*.c))

# ---------------------------------------------------------------------------------------------
# What is built from what

ifdef SAN
    VARIANT := $(if $(findstring thread,$(SAN)),tsan,asan)
else ifdef COV
    VARIANT := cov
endif
B ?= build$(if $(VARIANT),/$(VARIANT))

c_files = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))

COMMON_C := $(call c_files,common)
INGEST_C := $(filter-out ingest/main.c,$(call c_files,ingest))
WEB      := $(sort $(shell find ingest/web -type f 2>/dev/null))
WORKER_C := $(filter-out worker/main.c,$(call c_files,worker))
BROKER_C := $(call c_files,tests/devbroker)
UNIT_C   := $(sort $(wildcard tests/unit/test_*.c))
UNITLIB_C := $(filter-out $(UNIT_C),$(sort $(wildcard tests/unit/*.c)))
INTEGRATION_C := $(sort $(wildcard tests/integration/test_*.c))
BENCH_C  := $(sort $(wildcard tests/bench/*.c))
RINGING_C := $(sort $(wildcard tests/bench/ringing_load/*.c))
STORIES_C := $(sort $(wildcard tests/stories/*.c))
FUZZ_C   := $(sort $(wildcard tests/fuzz/fuzz_*.c))

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
bin = $(patsubst %.c,$(B)/%,$(1))

COMMON_A := $(B)/libcommon.a
INGEST_A := $(B)/libingest.a
WORKER_A := $(B)/libworker.a

BINARIES := $(if $(wildcard ingest/main.c),$(B)/ingest) $(if $(wildcard worker/main.c),$(B)/worker) \
    $(if $(BROKER_C),$(B)/devbroker)
UNIT_BIN := $(call bin,$(UNIT_C))
INTEGRATION_BIN := $(call bin,$(INTEGRATION_C))
BENCH_BIN := $(call bin,$(BENCH_C))
FUZZ_BIN := $(call bin,$(FUZZ_C))
RINGING_BIN := $(B)/tests/bench/ringing_load
STORIES_BIN := $(B)/tests/stories/stories
CHAOS_BIN := $(B)/tests/chaos/pour
REQUESTS_BIN := $(B)/tests/requests/test_requests

# ---------------------------------------------------------------------------------------------
# How

LIBS := rdkafka libcurl jansson libmicrohttpd gnutls libsodium libcrypto sqlite3
HAVE_LIBS := $(shell pkg-config --exists $(LIBS) 2>/dev/null && echo yes)
LIB_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(LIBS) 2>/dev/null))
LIB_LDLIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null)
CHECK_LDLIBS := $(shell pkg-config --libs check libssl 2>/dev/null)

# The newest entry of the changelog names the version.
VERSION := $(shell sed -n 's/^\#\# \[\{0,1\}\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n1)
VERSION := $(or $(VERSION),0.1.0)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
    -Wformat=2 -Wundef -Wwrite-strings -Werror
CPPFLAGS := -I. -D_GNU_SOURCE -DMANGOPLAN_VERSION='"$(VERSION)"' $(LIB_CFLAGS)
CFLAGS := -std=c17 -g $(WARN) -fPIE -fstack-protector-strong -fno-omit-frame-pointer -pthread
LDFLAGS := -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS := $(LIB_LDLIBS)

ifdef SAN
    CFLAGS += -O1 -fsanitize=$(SAN) -fno-sanitize-recover=all
    LDFLAGS += -fsanitize=$(SAN)
else ifdef COV
    CFLAGS += -O0 --coverage
    LDFLAGS += --coverage
else
    CFLAGS += -O2
    CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
ifdef FUZZER
    CFLAGS += -fsanitize=fuzzer-no-link
endif

# librdkafka's RD_KAFKA_V_ macros are GNU statement expressions; gcc does not mind in a system's header.
ifneq ($(findstring clang,$(CC)),)
    CFLAGS += -Wno-gnu-statement-expression
endif

# Check's macros pass an empty __VA_ARGS__, which clang calls an extension.
TEST_CFLAGS := $(if $(findstring clang,$(CC)),-Wno-gnu-zero-variadic-macro-arguments)

Q := $(if $(V),,@)
J = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(COMMON_A) $(INGEST_A) $(WORKER_A) $(BINARIES) $(B)/man/made ## build ingest, worker and devbroker, man pages and bash completion into build/
	@:

tests: all $(UNIT_BIN) $(INTEGRATION_BIN) $(STORIES_BIN) $(REQUESTS_BIN) $(CHAOS_BIN) ## build the unit and integration tests without running them
	@:

# Rewritten only when compiler or flags change; every object depends on it.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@[ "$(HAVE_LIBS)" = yes ] || { echo "libraries are missing: run 'make install-deps'" >&2; exit 1; }
	@echo '$(CC) $(subst ','\'',$(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Rewritten only when a source file, or one of the page, comes or goes; archives depend on it.
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMON_C) $(INGEST_C) $(WORKER_C) $(WEB)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# The settings page is a part of the program: its files, plain and compressed.
$(B)/web.c: deploy/embed $(WEB) $(B)/sources
	@echo "  EMBED ingest/web"
	$(Q)deploy/embed ingest/web $@ $(B)/web
$(B)/obj/web.o: $(B)/web.c $(B)/flags ingest/admin/static.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(COMMON_A): $(call obj,$(COMMON_C)) $(B)/sources
$(INGEST_A): $(call obj,$(INGEST_C)) $(B)/obj/web.o $(B)/sources
$(WORKER_A): $(call obj,$(WORKER_C)) $(B)/sources
%.a:
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

define link
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) $(1) -o $@
endef

$(B)/ingest: $(call obj,ingest/main.c) $(INGEST_A) $(COMMON_A)
	$(call link)
$(B)/worker: $(call obj,worker/main.c) $(WORKER_A) $(COMMON_A)
	$(call link)
# From the tables of subcommands, options and environment variables.
$(B)/man/made: $(B)/worker
	@echo "  MAN   $(B)/man"
	$(Q)rm -rf $(B)/man $(B)/completion && mkdir -p $(B)/man $(B)/completion
	$(Q)for page in $$($< --manual); do $< --manual $$page > $(B)/man/$$page.1 || exit 1; done
	$(Q)$< --manual bash > $(B)/completion/mangoplan-worker.bash
	$(Q)touch $@
$(B)/devbroker: $(call obj,$(BROKER_C)) $(COMMON_A)
	$(call link)
$(UNIT_BIN) $(INTEGRATION_BIN): $(B)/tests/%: $(B)/obj/tests/%.o $(call obj,$(UNITLIB_C)) $(INGEST_A) $(WORKER_A) $(COMMON_A)
	$(call link,$(CHECK_LDLIBS))
$(REQUESTS_BIN): $(call obj,tests/requests/test_requests.c $(filter-out tests/stories/main.c,$(STORIES_C)) $(UNITLIB_C)) $(WORKER_A) $(INGEST_A) $(COMMON_A)
	$(call link,$(CHECK_LDLIBS))
$(BENCH_BIN) $(CHAOS_BIN): $(B)/tests/%: $(B)/obj/tests/%.o $(INGEST_A) $(WORKER_A) $(COMMON_A)
	$(call link)
$(RINGING_BIN): $(call obj,$(RINGING_C)) $(COMMON_A)
	$(call link)
$(STORIES_BIN): $(call obj,$(STORIES_C)) $(WORKER_A) $(COMMON_A)
	$(call link)
# Without libFuzzer (gcc) a main of our own throws dice.
$(FUZZ_BIN): $(B)/tests/%: $(B)/obj/tests/%.o $(if $(FUZZER),,$(call obj,tests/fuzz/alone.c)) $(INGEST_A) $(WORKER_A) $(COMMON_A)
	$(call link,$(if $(FUZZER),-fsanitize=fuzzer))

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------------------------------------
# Tests. Runner scripts get the folder of the binaries in BUILD and end with "N passed, N failed".

deps:
	@deploy/install-deps $(if $(KAFKA),kafka)

test: ## every test, sanitized; ends with "N passed, N failed"
	$(Q)deploy/install-deps e2e kafka
	$(Q)$(MAKE) --no-print-directory $(J) SAN=address,undefined tests
	$(Q)BUILD=build/asan tests/run unit stories requests fakes integration kafka e2e

test-kafka: ## what the devbroker cannot prove, on Apache Kafka from pinned jars; part of test
	$(Q)deploy/install-deps kafka
	$(Q)$(MAKE) --no-print-directory $(J) SAN=$(or $(SAN),address,undefined) all
	$(Q)AT_ONCE=2 BUILD=build/$(or $(VARIANT),asan) tests/run kafka

unit: deps ## unit tests only (add SAN=thread for the other sanitizer)
	$(Q)$(MAKE) --no-print-directory $(J) SAN=$(or $(SAN),address,undefined) tests
	$(Q)BUILD=build/$(or $(VARIANT),asan) tests/run unit

scenarios: deps ## scenarios only: all, or those of S="NAME ..."; KAFKA=1 on Apache Kafka
	$(Q)$(MAKE) --no-print-directory $(J) SAN=$(or $(SAN),address,undefined) all
	$(Q)BUILD=build/$(or $(VARIANT),asan) tests/integration/run.py $(S)

e2e: ## the settings page in a real Chromium: the guide's flow, keyboard, accessibility, weight and speed
	$(Q)deploy/install-deps e2e
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/run e2e

test-compose: ## docker compose on a Docker Engine: up, scale, calls, kills, restarts, down (COMPOSE_SKIP=1: skip it)
	$(Q)[ "$$COMPOSE_SKIP" = 1 ] || deploy/install-deps kafka compose
	$(Q)tests/run compose

api-fuzz: ## the page's API under schemathesis: CASES=10000 requests by SEED=1
	$(Q)deploy/install-deps e2e
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build CASES=$(CASES) SEED=$(SEED) tests/e2e/fuzz.py

screenshots: ## pictures of the settings page for the README, into deploy/screenshots
	$(Q)deploy/install-deps e2e
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/e2e/screenshots.py

chaos: deps ## N=4 random stories of kills, freezes and faults by SEED=1, twice, and crm under JOBS=20000; KAFKA=1 on Apache Kafka
	$(Q)$(MAKE) --no-print-directory $(J) SAN=$(or $(SAN),address,undefined) chaos-build
	$(Q)BUILD=build/$(or $(VARIANT),asan) N=$(or $(N),4) SEED=$(or $(SEED),1) tests/chaos/run.py
chaos-build: all $(CHAOS_BIN)

outage: deps ## Kafka away for 60 s under RATE=500 webhooks/s, ingest killed meanwhile; KAFKA=1 on Apache Kafka
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/chaos/outage.py

heal: deps ## random calls with random losses, healed by reconcile and replay under kills: SEED=1, CALLS=120; KAFKA=1
	$(Q)$(MAKE) --no-print-directory $(J) all chaos-build
	$(Q)BUILD=build CALLS=$(or $(CALLS),120) tests/chaos/heal.py $(or $(SEED),1)

rolling: ## every process and node of three is restarted under RATE=200 webhooks/s, on Apache Kafka: nothing lost, nothing twice
	$(Q)deploy/install-deps kafka
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/chaos/rolling.py

walk: deps ## every request x every fault x kill, freeze: N=40 of each by SEED=1 (N=all: hours); STRIKE=kill, ONLY=title
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build N=$(or $(N),40) SEED=$(SEED) STRIKE=$(STRIKE) ONLY='$(ONLY)' tests/walk/run.py

requests: deps ## requests per call over N=3000 random stories by SEED=1, by operation and kind of client
	$(Q)$(MAKE) --no-print-directory $(J) $(REQUESTS_BIN)
	$(Q)N=$(or $(N),3000) SEED=$(or $(SEED),1) CK_DEFAULT_TIMEOUT=600 $(REQUESTS_BIN)

stories: deps ## N=1000000 random true calls, decisions against what happened; SEED=1, KIND=lost,repeated
	$(Q)$(MAKE) --no-print-directory $(J) stories-build
	$(Q)BUILD=build N=$(or $(N),1000000) SEED=$(SEED) KIND=$(KIND) tests/stories/run
stories-build: $(STORIES_BIN)

mutate: deps ## each rule taken away by itself must make a scenario fail; ONLY="G3 B15", WHEN=1: moments too
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build ONLY="$(ONLY)" WHEN=$(WHEN) AT_ONCE=$(AT_ONCE) tests/check/mutate

check: deps ## formatting, linters, fences, banned functions, both compilers
	$(Q)tests/check/run

check-monitoring: ## Prometheus' configuration and alert rules by promtool (part of check)
	$(Q)tests/check/run monitoring

# clang-tidy, file by file; again when the file, a header of it or the configuration changes.
TIDY := $(patsubst %.c,$(B)/tidy/%.ok,$(COMMON_C) $(INGEST_C) $(WORKER_C) $(BROKER_C) $(UNIT_C) $(UNITLIB_C) \
    $(INTEGRATION_C) $(BENCH_C) $(RINGING_C) $(STORIES_C) tests/requests/test_requests.c tests/chaos/pour.c \
    $(wildcard ingest/main.c worker/main.c))
$(TIDY): $(B)/tidy/%.ok: $(B)/obj/%.o .clang-tidy $(wildcard tests/check/model/*.h)
	@mkdir -p $(@D)
	@echo "  TIDY  $*.c"
	$(Q)clang-tidy --quiet $*.c -- -isystem tests/check/model $(CPPFLAGS) -std=c17 2>&1 | \
	    sed '/^[0-9]* warnings\? generated/d; /warnings treated as errors/d' ; exit $${PIPESTATUS[0]}
	@touch $@
tidy: $(TIDY)

coverage: deps ## line coverage of the pure modules; fails under 95 %
	$(Q)$(MAKE) --no-print-directory $(J) COV=1 tests
	$(Q)tests/check/coverage $(PURE)

fuzz: deps ## a short run of every fuzzer (FUZZ_SECONDS=20 each)
	$(Q)$(MAKE) --no-print-directory $(J) CC=clang SAN=address,undefined FUZZER=1 B=build/fuzz fuzzers
	$(Q)BUILD=build/fuzz tests/check/fuzz $(FUZZ_C)
fuzzers: $(FUZZ_BIN)

demo: deps ## a day of three made-up companies, on this machine, in a minute and a half
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/demo/run

bench-ingest: ## acknowledged webhooks per second at 1 to 512 connections
	$(Q)deploy/install-deps bench
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/ingest
bench-calls: ## worker calls: events per second, taking over, memory per call; KAFKA=1 on Apache Kafka
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/calls
bench-replay: ## worker replay over a million events: seconds, memory; KAFKA=1 on Apache Kafka
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/replay
bench-replaying: ## what a replay costs live calls: from a webhook to its client, with and without; KAFKA=1
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/replaying
bench-crm: ## worker crm: how near it comes to what Megaplan's latency allows; CPU, memory, latency; KAFKA=1
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/crm
bench-ringing: ## from a webhook to the route command, the pop-up, the visitor's query; beside a backlog; KAFKA=1
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all benches
	$(Q)BUILD=build tests/bench/ringing
bench-explain: ## worker explain: one call's story among EVENTS=1000000; KAFKA=1
	$(Q)deploy/install-deps $(if $(KAFKA),kafka)
	$(Q)$(MAKE) --no-print-directory $(J) all
	$(Q)BUILD=build tests/bench/explain
benches: $(BENCH_BIN) $(RINGING_BIN)

kafka-start: ## Apache Kafka on free ports in the background; prints its address
	$(Q)deploy/install-deps kafka
	$(Q)deploy/kafka/run --background

kafka-stop: ## stop what kafka-start started
	$(Q)deploy/kafka/run --stop

# DESTDIR is put in front of everything, for packages.
PREFIX ?= /usr/local
install: all ## ingest and worker, their man pages and bash completion, below PREFIX=/usr/local; DESTDIR=
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	$(Q)install $(B)/ingest $(B)/worker $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 0644 $(B)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	$(Q)install -D -m 0644 $(B)/completion/mangoplan-worker.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/worker

deb: all ## the Debian package: build/mangoplan_VERSION_ARCH.deb
	$(Q)deploy/install-deps deb
	$(Q)BUILD=$(B) deploy/deb/build

test-deb: deb ## that package: lintian, installed, upgraded, removed in a fresh Debian, its units looked at
	$(Q)tests/run package

install-deps: ## install the Debian packages that building, testing and the demo need
	$(Q)deploy/install-deps

format: ## rewrite all C files as clang-format wants them
	$(Q)find common ingest worker tests -name '*.[ch]' -exec clang-format -i {} + 2>/dev/null || true

clean: ## remove build/
	$(Q)rm -rf build

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | \
	    while IFS=$$'\t' read -r t h; do printf '  make %-14s %s\n' "$$t" "$$h"; done

# For scripts: make -s print-PURE
print-%:
	@echo '$($*)'

FORCE:
.PHONY: FORCE all tests deps test test-kafka unit e2e test-compose api-fuzz screenshots walk requests stories stories-build scenarios chaos chaos-build heal rolling mutate check check-monitoring tidy coverage fuzz fuzzers demo bench-ingest bench-calls bench-replay bench-replaying bench-crm bench-explain benches \
    kafka-start kafka-stop deb test-deb install install-deps format clean help
