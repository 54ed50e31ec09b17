# Everything a developer does here, one target each. `make` alone lists them.

# Builds need no git: a checkout owned by somebody else, or none at all, is as good.
export GOFLAGS += -buildvcs=false

# Where there is no PostgreSQL to start, DATABASE_URL names a server that runs: for `make run` and for the tests.
ifdef DATABASE_URL
  ifndef MEIBO_DATABASE_URL
    export MEIBO_DATABASE_URL := $(value DATABASE_URL)
  endif
  ifndef MEIBO_TEST_DATABASE_URL
    export MEIBO_TEST_DATABASE_URL := $(value DATABASE_URL)
  endif
endif

BUF := go tool -modfile=../internal/tools/go.mod buf

# Added to `go test` by `make test`, for example: make test TESTFLAGS='-run TestMerge -v'
TESTFLAGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Check for Go, a C compiler and PostgreSQL; install what is missing
	@.ci/setup

.PHONY: build
build: console ## Build every command into bin/, with the console where there is Node
	go build -o bin/ ./cmd/...

CONSOLE := services/uploader/console

# Without Node the commands are built all the same, and a page says how to get the console.
.PHONY: console
console: ## Build the console's pages, which the commands embed
	@.ci/console

.PHONY: setup-tests
setup-tests: # The same, and what only tests need
	@.ci/setup tests

.PHONY: demo
demo: setup build ## Import a generated sample of 100,000 members and show what came of it
	bin/meibo demo

.PHONY: run
run: setup build ## Run everything in one process, with its data under .meibo/
	bin/meibo dev --data .meibo

# Functions of values: they start no goroutine and keep nothing between calls but what a sync.Once guards, which
# internal/arch proves by name. The race detector would find nothing in their own tests and make them several times as
# slow; the tests of those who call them from many goroutines have it, and there these packages are watched with the rest.
PURE := ./internal/e2e/oracle ./internal/inspect ./internal/member ./internal/sample ./internal/sheet

# The race detector finds what the tests only happen to pass; twenty minutes are several times what a package needs.
.PHONY: test
test: setup-tests lint verify browser ## Lint, verify, and run all tests, with the race detector where there is concurrency
	go test -timeout 20m $(TESTFLAGS) $(PURE)
	go test -race -timeout 20m $(TESTFLAGS) $$(go list ./... | grep -vxF "$$(go list $(PURE))")

.PHONY: browser
browser: setup-tests build ## Test the console in Chromium, with all of Meibo behind it
	cd $(CONSOLE) && npm run --silent unit && npm run --silent browser

.PHONY: bench
bench: setup build ## Measure a million rows end to end, beside what a DBA writes by hand
	go run ./internal/bench

# How many rows the large import has.
FAIRROWS ?= 5000000

.PHONY: bench-fair
bench-fair: setup build ## Measure fifty imports of 1,000 rows beside one of FAIRROWS (5,000,000)
	go run ./internal/bench -fair -rows $(FAIRROWS)

# How long each fuzz target runs.
FUZZTIME ?= 1m

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (1m), one after another
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
		done; \
	done

# How many random imports `make oracle` tries, and the seed of the first; a failure names its own.
ORACLE_CASES ?= 5000
ORACLE_SEED ?= 1

.PHONY: oracle
oracle: ## Try ORACLE_CASES (5000) random imports against the rules of merging written over again
	go test ./internal/e2e -run '^TestPipelineDoesAsTheOracleSays$$' -timeout 0 -oracle.cases $(ORACLE_CASES) -oracle.seed $(ORACLE_SEED)

# How many seeds of faults `make chaos` tries, the first of them, and how many installations it has at the same time.
CHAOS_RUNS ?= 200
CHAOS_SEED ?= 1
CHAOS_PARALLEL ?= 1

.PHONY: chaos
chaos: ## Kill, freeze, cut off and refill everything at random, CHAOS_RUNS (200) times, and compare what comes of it
	go test ./internal/e2e -run '^TestEverythingEndsAsItMustWhateverFails$$' -v -count 1 -timeout 0 -parallel $(CHAOS_PARALLEL) \
		-chaos.runs $(CHAOS_RUNS) -chaos.seed $(CHAOS_SEED) -chaos.clock

.PHONY: lint
lint: console ## Check format, vet, staticcheck and the messages' rules
	@unformatted=$$(go tool gofumpt -l cmd deploy internal proto services) && \
		if [ -n "$$unformatted" ]; then printf 'not gofumpt-ed:\n%s\n' "$$unformatted" >&2; exit 1; fi
	go vet ./...
	go tool staticcheck -checks inherit,ST1000 ./...
	cd proto && $(BUF) lint
	@if command -v npm >/dev/null; then cd $(CONSOLE) && npm run --silent check; fi

# The list of vulnerabilities is on the network, and so is the tool. Where they cannot be reached nothing is known, which
# is neither good nor bad: exit status 75 of sysexits, "try again".
.PHONY: vuln
vuln: ## Look for known vulnerabilities in what is linked (needs the network)
	@said=$$(go run golang.org/x/vuln/cmd/govulncheck@latest ./... 2>&1) && { printf '%s\n' "$$said"; exit 0; }; \
		printf '%s\n' "$$said"; \
		case $$said in *'exit status 3'*) echo 'vuln: vulnerabilities were found' >&2; exit 3 ;; esac; \
		echo 'vuln: NOT CHECKED: the tool or its list of vulnerabilities cannot be reached from here' >&2; exit 75

.PHONY: generate
generate: ## Generate the Go code of the messages
	cd proto && $(BUF) generate

.PHONY: verify
verify: ## Fail if the generated code is not what `make generate` makes
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && (cd proto && $(BUF) generate -o "$$fresh") && \
		diff -ru -x '*.proto' -x '*.yaml' -x doc.go proto "$$fresh" || { echo 'generated code is stale: run make generate' >&2; exit 1; }

.PHONY: clean
clean: ## Remove bin/ and the data of `make run`
	rm -rf bin .meibo
