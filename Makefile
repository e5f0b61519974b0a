# Every target is one line of `make help` and runs alone.

SHELL       := /bin/sh
GO          ?= go
MODULE      := github.com/wirespan/wirespan
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS     := -s -w -X main.version=$(VERSION)
GOBUILD     := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
FUZZTIME    ?= 30s
# gRPC's tracing page brings html/template, and with it every method of every
# type into the program: 9 MB more.
export GOFLAGS += -tags=grpcnotrace
BENCHTIME   ?= 1s
TESTFLAGS   ?=
SHARED      := ../shared
GOLANGCI    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# Runs of the whole program in `make bench`; {pcap} and {out} are compare_offline.sh's.
READ        := $(CURDIR)/build/wirespan read --summary=false --progress never --bodies 0

.DEFAULT_GOAL := help
.PHONY: help build demo test test-all race fuzz bench bench-capture lint generate gooffsets accuracy sys-cost golden release packages kernels clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary, build/wirespan
	$(GOBUILD) -o build/wirespan ./cmd/wirespan

demo: build ## build, then print the traces of the capture that comes with wirespan
	@echo "$$ build/wirespan read testdata/demo/edge.pcap testdata/demo/app.pcap"
	@build/wirespan read testdata/demo/edge.pcap testdata/demo/app.pcap

test: ## install what the tests need (as root), then vet and all tests that fit 30 minutes on 2 cores
	@testdata/make/deps.sh test
	$(GO) vet ./...
	@GO='$(GO)' CGO_ENABLED=0 testdata/make/test.sh -timeout 20m $(TESTFLAGS) ./...

test-all: ## the tests, then the long suites: every capture, the race detector, the fuzz targets, packages, kernels
	@testdata/make/deps.sh test
	$(GO) vet ./...
	@GO='$(GO)' CGO_ENABLED=0 WIRESPAN_SOAK=10m testdata/make/test.sh -timeout 90m -count=1 $(TESTFLAGS) ./...
	$(MAKE) race fuzz packages kernels

race: ## the tests under the race detector (needs a C compiler)
	@testdata/make/deps.sh race
	@if command -v "$$($(GO) env CC)" >/dev/null 2>&1; then \
		GORACE=atexit_sleep_ms=0 CGO_ENABLED=1 $(GO) test -race -short -timeout 40m $(TESTFLAGS) ./...; \
	else echo "race: skipped, no C compiler"; fi

fuzz: ## every fuzz target for FUZZTIME (30s)
	@GO='$(GO)' testdata/make/fuzz.sh $(FUZZTIME)

bench: build ## benchmarks per package, then the whole program against others
	@testdata/make/deps.sh bench
	@mkdir -p build/bench
	CGO_ENABLED=0 $(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 60m ./... | tee build/bench/packages.txt
	@if [ -f testdata/bench/packages.txt ]; then \
		$(GO) run golang.org/x/perf/cmd/benchstat@latest testdata/bench/packages.txt build/bench/packages.txt || \
		echo "bench: benchstat is not to be had; compare testdata/bench/packages.txt by hand"; fi
	$(GO) run ./testdata/make/bench-protocols
	$(GO) run ./testdata/make/bench-sys
	$(GO) run ./testdata/make/bench-tunnels
	@if [ ! -f $(SHARED)/bench/compare_offline.sh ]; then echo "bench: no $(SHARED)/bench/compare_offline.sh, so no comparison of whole programs"; \
	elif [ ! -f build/bench/small.pcap ]; then echo "bench: no captures in build/bench, so no comparison of whole programs; make bench-capture records them"; \
	else for c in small bulk; do \
		PORT_HTTP=8080 bash $(SHARED)/bench/compare_offline.sh -n 5 -t 'tcpdump suricata1 tshark_http' -o build/bench/$$c.tsv build/bench/$$c.pcap \
			'json=$(READ) --workers 1 {pcap} --out otlp:{out}/spans.json' \
			'all=$(READ) --workers 1 {pcap} --out otlp-proto:{out}/spans' \
			'two=$(READ) --workers 2 --attributes core {pcap} --out otlp-proto:{out}/spans' \
			'core=$(READ) --workers 1 --attributes core {pcap} --out otlp-proto:{out}/spans' || exit 1; done; fi

bench-capture: ## record the captures of the benchmarks into build/bench (needs root)
	@testdata/make/deps.sh bench
	testdata/make/bench-capture.sh

lint: ## gofmt and golangci-lint
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run; \
	elif CGO_ENABLED=0 $(GO) run $(GOLANGCI) version >/dev/null 2>&1; then CGO_ENABLED=0 $(GO) run $(GOLANGCI) run; \
	else echo "lint: golangci-lint is neither installed nor to be had from the module proxy; gofmt and vet only"; $(GO) vet ./...; fi

generate: ## docs/attributes.md and the table of docs/configuration.md, from the code
	$(GO) test ./cmd/wirespan -run '^(TestAttributeReference|TestConfigReference)$$' -count=1 -update
	$(GO) generate ./...

gooffsets: ## the table of Go versions in bpf/sys/goroutines, from the published toolchains (downloads 20 of them)
	$(GO) run ./testdata/make/gooffsets -o bpf/sys/goroutines/table.go

golden: ## rewrite the golden files of all tests; review the difference like code
	@$(GO) test -count=1 $$(grep -lrE --include='*_test.go' 'Bool\("update"|/l7/l7test"' capture cmd flows l7 tracer | \
		grep -v /_ | xargs -n 1 dirname | sort -u | sed 's,^,./,') -update

release: ## static binaries, deb, rpm and tar.gz for amd64 and arm64 with checksums, in dist
	@GO='$(GO)' packaging/release.sh '$(VERSION)'

packages: ## install, upgrade and remove the packages in a root of their own (needs root)
	@testdata/make/deps.sh packages
	@GO='$(GO)' testdata/make/packages.sh

accuracy: ## measure how often threads tell the right parent, into docs/ and README.md (root, quiet machine, 10 minutes)
	@testdata/make/deps.sh accuracy
	$(GO) run ./testdata/make/accuracy

sys-cost: build ## measure what the eBPF module costs, into docs/sys-cost.md (root, quiet machine, 5 minutes)
	@testdata/make/deps.sh bench
	$(GO) run ./testdata/make/bench-sys -o docs/sys-cost.md

kernels: ## boot Debian's kernels in qemu and capture a request there
	@testdata/make/deps.sh kernels
	@GO='$(GO)' testdata/make/kernels.sh

clean: ## remove what the targets made
	rm -rf build dist
