# firstack: see `make help`. Everything here needs Go only, except where it says otherwise.
GO      ?= go
RACES   ?= 10000
SEED    ?= 1
FUZZTIME ?= 60s
RACE    := $(shell $(GO) env CGO_ENABLED | grep -q 1 && command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race)

.PHONY: help demo build test vet soak bench fuzz p4 p4-check generate cover

help: ## List the targets.
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Run the race in one process, configurations A, B and C (no root, no P4 tools).
	$(GO) run ./cmd/firstack demo --config all

build: ## Build firstack and firstack-switch into bin/.
	$(GO) build -o bin/ ./cmd/...

test: tools vet ## Run all tests, with the race detector where a C compiler is present.
	@[ -n "$(RACE)" ] || echo "NOT CHECKED: data races (the race detector needs cgo and a C compiler, e.g. apt-get install gcc libc6-dev)"
	@command -v p4c-bm2-ss >/dev/null || echo "NOT COMPARED: P4 artefacts with a fresh compilation (p4c-bm2-ss is not on PATH); their hashes are checked"
	@command -v simple_switch_grpc >/dev/null || echo "NOT COMPARED: the embedded switch with BMv2 (simple_switch_grpc is not on PATH); vectors and random packets run on the embedded switch alone"
	@command -v etcd >/dev/null || echo "NOT RUN: several controllers on etcd (etcd is not on PATH, e.g. apt-get install etcd-server)"
	$(GO) test $(RACE) -timeout 20m ./...
	@$(MAKE) --no-print-directory lab-brief

# A C compiler for the race detector, and etcd, where they can be had without asking. Where systemd runs, etcd would be
# started as a service.
.PHONY: tools
tools:
	@if [ -z "$(RACE)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get install -y -qq gcc libc6-dev >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq gcc libc6-dev >/dev/null) || true; fi
	@if [ "$$(id -u)" = 0 ] && ! command -v etcd >/dev/null && command -v apt-get >/dev/null && [ ! -d /run/systemd/system ]; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get install -y -qq etcd-server >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq etcd-server >/dev/null) || true; fi

vet: ## Check formatting and run go vet.
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...

PACKETS ?= 100000
.PHONY: differential
differential: ## Compare the embedded switch with BMv2 over PACKETS random packets from SEED (default 100000, 1).
	@command -v simple_switch_grpc >/dev/null || { echo "NOT COMPARED: simple_switch_grpc is not on PATH"; exit 1; }
	$(GO) test ./tests/differential -count 1 -timeout 3h -v -packets $(PACKETS) -seed $(SEED) -facts

soak: ## Run RACES randomised races from SEED (default 10000, 1).
	$(GO) test ./tests/soak -run 'TestSoak$$' -count 1 -timeout 3h -v -races $(RACES) -seed $(SEED)

.PHONY: sets
sets: ## Try 1,000 random Sets over gNMI, half of them wrong, and kill the server during 500 more.
	$(GO) test ./controller/gnmi -run 'TestThousandSets|TestKill' -count 1 -timeout 30m -v -sets 1000 -kill-sets 500

KILLS ?= 20
.PHONY: takeover
takeover: ## Kill the primary of three controllers on etcd KILLS times (default 20) under load, and judge by the switches' logs.
	@command -v etcd >/dev/null || { echo "NOT RUN: etcd is not on PATH (apt-get install etcd-server)"; exit 1; }
	$(GO) test ./tests/takeover -run 'TestPrimaryKilled$$' -count 1 -timeout 1h -v -kills $(KILLS) -within 5s

PLACEMENTS ?= 50
.PHONY: nearest
nearest: ## Measure over PLACEMENTS random placements, packet by packet, how many connections run to the nearest.
	$(GO) test ./tests/nearest -count 1 -timeout 2h -v -placements $(PLACEMENTS) -seed $(SEED)

bench: ## Measure and write docs/benchmarks.md.
	$(GO) run ./tests/benchreport -o docs/benchmarks.md

.PHONY: bench-targets
bench-targets: ## Measure firstack-switch, BMv2, a bare relay and TCP proxies side by side, write docs/benchmarks-targets.md (root, iproute2, ethtool).
	$(GO) build -o bin/ ./cmd/...
	$(GO) run ./tests/targets

fuzz: ## Run every fuzz target for FUZZTIME (default 60s) each.
	$(GO) run ./tests/fuzzall -time $(FUZZTIME)

p4: ## Compile the P4 programs into p4src/build and regenerate the bindings (needs p4c-bm2-ss).
	$(GO) run ./p4src/compile
	$(GO) generate ./tables/...

p4-check: ## Fail if the committed artefacts are not what p4c makes of the sources (needs p4c-bm2-ss).
	$(GO) run ./p4src/compile -check

.PHONY: p4-tofino
p4-tofino: ## Fit the P4 programs into Tofino and Tofino 2, write the figures into docs/tofino.md (needs p4c's Tofino back end).
	$(GO) run ./p4src/fit

.PHONY: p4-testgen
p4-testgen: ## Derive packets from the programs for TNA, about 12 minutes (needs p4testgen with its tofino target).
	@command -v p4testgen >/dev/null || { echo "NOT DERIVED: p4testgen is not on PATH (p4c, built with ENABLE_TEST_TOOLS and its Tofino back end)"; exit 1; }
	$(GO) run ./tests/testgen/derive

generate: ## Regenerate bindings and schemas.
	$(GO) generate ./...

cover: ## Test coverage by package.
	$(GO) test -cover ./...

# Real kernels: Linux and root, and `make build` or Go on root's PATH (sudo make lab-test GO=$(command -v go)).
SWITCH ?= all
CONFIG ?= own
LAB_TOPOLOGY := $(if $(TOPOLOGY),-t $(TOPOLOGY))

.PHONY: lab-bin lab-test mininet mininet-test
lab-bin:
	@if command -v $(GO) >/dev/null; then $(GO) build -o bin/ ./cmd/...; \
	else [ -x bin/firstack ] || { echo "$(GO) is not on root's PATH: run 'make build' first, without sudo"; exit 1; }; fi

lab-test: lab-bin ## Try labs of Linux namespaces with SWITCH=firstack, bmv2 or all (root, nginx, curl, wrk, tshark).
	$(GO) test ./topo/lab -run 'TestLab|TestCrash' -count 1 -timeout 30m -v -switch $(SWITCH) -bin $(CURDIR)/bin

# What of that every run of the tests can afford, where the kernel lets us: about a minute.
.PHONY: lab-brief lab-tools
lab-brief: lab-tools
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname)" = Linux ]; then \
		$(GO) build -o bin/ ./cmd/... && \
		$(GO) test ./topo/lab -run TestLab -count 1 -timeout 5m -parallel 3 -v -switch firstack -brief -bin $(CURDIR)/bin; \
	else echo "NOT RUN: firstack-switch between real hosts in network namespaces (needs Linux and root: sudo make lab-test)"; fi

# Its programs, where they can be had without asking. Where systemd runs, nginx would be started as a service.
LAB_PROGRAMS := ip ping ethtool nginx curl tshark
LAB_PACKAGES := iproute2 iputils-ping ethtool nginx-light curl tshark
lab-tools:
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -d /run/systemd/system ] || exit 0; \
	for p in $(LAB_PROGRAMS); do command -v $$p >/dev/null || missing=1; done; [ -n "$$missing" ] || exit 0; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get install -y -qq $(LAB_PACKAGES) >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq $(LAB_PACKAGES) >/dev/null) || true

mininet: lab-bin ## Open Mininet's CLI with everything running: SWITCH, CONFIG=A, B, C or own, TOPOLOGY=FILE (root, Mininet).
	/usr/bin/python3 mininet/demo.py --switch $(SWITCH:all=firstack) --config $(CONFIG) $(LAB_TOPOLOGY)

mininet-test: lab-bin ## Run the demo's checks in Mininet, in A, B and C, with SWITCH=firstack, bmv2 or all (root, Mininet).
	/usr/bin/python3 mininet/demo.py --test --switch $(SWITCH) --config $(CONFIG:own=all) $(LAB_TOPOLOGY)
