# Everything that one does with this repository. Needed: Go and make. What else a
# target needs it fetches, into Go's caches, .cache/ and bin/.

GO       ?= go
FUZZTIME ?= 30s

# The other Go modules that "make test" tests, each by its own Makefile.
# "make test MODULES=" tests the generator alone.
MODULES  ?= inference ci preview e2e

# The packages that start goroutines, and ./generator, whose tests have them all
# work on the sample fleet. They are tested again under the race detector.
RACE := ./generator/load ./generator/render ./generator/tree ./generator/revision ./cmd/mlfleet/internal/...

CACHE := $(CURDIR)/.cache
PART  := sh tools/part.sh
RETRY := sh tools/retry.sh
# What is run and thrown away needs no facts of Git's, and asking for them fails
# where Git does not trust the folder's owner, as in many containers.
RUN   := $(GO) run -buildvcs=false

.DEFAULT_GOAL := help
.NOTPARALLEL: # parts that run at once would mix what they print; go uses all cores anyway

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 15

# Asking for the packages downloads their modules.
.PHONY: generate
generate: ## bring golden/ up to date with the inputs: the main job
	@$(RETRY) $(GO) list -deps ./cmd/mlfleet >/dev/null
	@$(PART) "mlfleet generate" $(RUN) ./cmd/mlfleet generate

.PHONY: reference
reference: ## write docs/reference anew, from the schemas, the sample fleet and the commands
	@$(PART) "the reference" $(GO) test ./cmd/mlfleet/internal/command ./generator/internal/reference -run 'TestReferenceIsCurrent$$' -update

.PHONY: build
build: ## compile the command line into bin/mlfleet
	@$(RETRY) $(GO) list -deps ./cmd/mlfleet >/dev/null
	$(GO) build -trimpath -o bin/mlfleet ./cmd/mlfleet

.PHONY: test
test: test-generator test-tools $(MODULES:%=test-%) ## everything: vet, tests, golden/ is current, all modules

.PHONY: test-generator
test-generator:
	@sh tools/need.sh gcc "by the race detector" gcc libc6-dev
	@sh tools/need.sh git "by mlfleet diff" git
	@$(PART) "go mod download" $(RETRY) $(GO) mod download
	@$(PART) "go vet" $(GO) vet ./...
	@$(PART) "golden/ is current" $(RUN) ./cmd/mlfleet generate --check
	@$(PART) "go test" $(GO) test -timeout 40m ./... # the mutation test of the CUE rules takes minutes
	@$(PART) "go test -race" env CGO_ENABLED=1 $(GO) test -race $(RACE)

.PHONY: test-tools
test-tools:
	@$(PART) "go mod download, tools/kustomize" $(RETRY) $(GO) -C tools/kustomize mod download
	@$(PART) "go test, tools/kustomize" $(GO) -C tools/kustomize test ./...
	@$(PART) "go mod download, tools/prometheus" $(RETRY) $(GO) -C tools/prometheus mod download
	@$(PART) "go vet, tools/prometheus" $(GO) -C tools/prometheus vet ./...
	@$(PART) "go test, tools/prometheus" $(GO) -C tools/prometheus test -timeout 20m -parallel 2 ./...

.PHONY: $(MODULES:%=test-%)
$(MODULES:%=test-%): test-%:
	@$(PART) "make test, $*" $(MAKE) -C $* test

.PHONY: image
image: ## build, scan and sign the inference server's image, and pin it in staging
	@$(MAKE) --no-print-directory -C ci image

.PHONY: e2e
e2e: ## prove the fleet on real API servers, schedulers and Argo CD (compiles them once)
	@$(MAKE) --no-print-directory -C e2e e2e

.PHONY: e2e-smoke
e2e-smoke: ## the two most telling cases of e2e, on the hub and two clusters
	@$(MAKE) --no-print-directory -C e2e smoke

.PHONY: e2e-mutations
e2e-mutations: ## break each guardrail, and see the case of e2e turn red that guards it
	@$(MAKE) --no-print-directory -C e2e mutations

.PHONY: prove
prove: $(CACHE)/kustomize ## build all overlays with the kustomize command line and compare them with golden/manifests
	@$(PART) "prove" $(GO) -C tools/kustomize run -buildvcs=false ./prove -kustomize $< $(CURDIR)/golden

.PHONY: lint
lint: $(CACHE)/golangci-lint ## run golangci-lint; .golangci.yml says what it looks for, and why
	@$(PART) "golangci-lint" $< run ./...
	@$(PART) "golangci-lint, tools/kustomize" sh -c 'cd tools/kustomize && $< run --config ../../.golangci.yml ./...'
	@$(PART) "golangci-lint, tools/prometheus" sh -c 'cd tools/prometheus && $< run --config ../../.golangci.yml ./...'

.PHONY: fmt
fmt: $(CACHE)/golangci-lint ## format the Go files
	@$(PART) "golangci-lint fmt" $< fmt

# Built from the versions that the go.mod of each pins.
$(CACHE)/golangci-lint: tools/go.mod tools/go.sum
	@$(RETRY) $(GO) -C tools mod download
	@$(PART) "compiling golangci-lint (minutes, once)" \
		$(GO) -C tools build -buildvcs=false -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(CACHE)/kustomize: tools/kustomize/go.mod tools/kustomize/go.sum
	@$(RETRY) $(GO) -C tools/kustomize mod download
	@$(PART) "compiling kustomize" \
		$(GO) -C tools/kustomize build -buildvcs=false -o $@ sigs.k8s.io/kustomize/kustomize/v5

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@GO="$(GO)" sh tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## compare the cost of generating with that of Kustomize, on fleets of 10 to 1,000 tenants
	@$(PART) "bench" $(RUN) ./generator/internal/bench

.PHONY: clean
clean: ## remove what the other targets built; golden/ stays
	rm -rf bin .cache e2e/.cache
	@for m in $(MODULES); do rm -rf $$m/bin; done
