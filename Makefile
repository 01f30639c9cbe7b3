# The commands of the project, the same on a laptop and in CI. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 4000
SETS ?= 600
WORLDS ?= 600
PLANS_GRAPHS ?= 8000
PLANS_SEED ?= 1
ROUNDS ?= 60
CARGO ?= cargo
OUT := $(or $(CARGO_TARGET_DIR),target)
TARGET := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
VERSION := $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 27

.PHONY: build
build: ## Build the gateway, quickly (target/demo/sangam)
	$(CARGO) build --profile demo --package sangam

.PHONY: demo
demo: ## Start the stand-ins and a gateway for them (PORT=4000)
	$(CARGO) build --profile demo --package sangam --package sangam-demo
	PORT=$(PORT) exec $(OUT)/demo/sangam-demo --connectors connectors

.PHONY: test
test: lint ## Everything that must pass before a change is merged
	scripts/cargo-test
	scripts/oracle-composition
	scripts/oracle-graphql
	scripts/oracle-clients
	scripts/oracle-openapi
	$(CARGO) build --quiet --package sangam
	SANGAM_CHECK_STYLE=deny $(OUT)/debug/sangam check
	$(OUT)/debug/sangam test

.PHONY: lint
lint: ## Formatting, clippy, documentation, licences
	scripts/components
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet
	scripts/deny

.PHONY: bench
bench: ## Compare the gateway with hand-written backends, under load
	CARGO="$(CARGO)" scripts/bench

.PHONY: dist
dist: ## Build a tarball: the binary, connectors, a sample configuration, a service unit, a Dockerfile
	SANGAM_COMMIT=$(COMMIT) $(CARGO) build --release --locked --package sangam --bin sangam
	scripts/dist $(VERSION) $(TARGET)

.PHONY: prove
prove: prove-readme prove-composition prove-graphql prove-monolith prove-plans prove-fuzz prove-attacks ## All long runs: every command that begins with prove-

.PHONY: prove-readme
prove-readme: ## Run the commands of README.md and connectors/README.md in a clean clone
	scripts/readme-commands

.PHONY: prove-composition
prove-composition: ## Compare composition with an independent composer (SETS=600, WORLDS=600)
	scripts/oracle-composition $(SETS) $(WORLDS)

.PHONY: prove-graphql
prove-graphql: ## Compare validation, introspection and the monolith's executor with graphql-js (ROUNDS=60)
	scripts/oracle-graphql $(ROUNDS)

.PHONY: prove-monolith
prove-monolith: ## Compare random graphs and operations with a monolith (MONOLITH_WORLDS=1500, _OPERATIONS=12, _SEED=1, _SECONDS=600)
	MONOLITH_OPERATIONS=$(or $(MONOLITH_OPERATIONS),12) \
	MONOLITH_WORLDS=$(or $(MONOLITH_WORLDS),1500) MONOLITH_SEED=$(or $(MONOLITH_SEED),1) MONOLITH_SECONDS=$(or $(MONOLITH_SECONDS),600) \
		$(CARGO) test --package sangam --test all -- monolith::run::gateway_and_monolith_agree --exact --nocapture

.PHONY: prove-plans
prove-plans: ## Compare the calls of plans with the fewest that an exhaustive search finds (PLANS_GRAPHS=8000, PLANS_SEED=1)
	PLANS_GRAPHS=$(PLANS_GRAPHS) PLANS_SEED=$(PLANS_SEED) \
		$(CARGO) test --package sangam --test all -- fewest::run::plans_have_the_fewest_calls --exact --nocapture

.PHONY: prove-fuzz
prove-fuzz: ## Fuzz everything that reads input from outside (FUZZ_SECONDS=60 for each of eleven targets, FUZZ_SEED=1)
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) FUZZ_SEED=$(or $(FUZZ_SEED),1) \
		$(CARGO) test --package sangam --test all -- fuzz:: --nocapture --test-threads=1

.PHONY: prove-attacks
prove-attacks: ## Attack a release build with honest clients, in ten minutes; prints the table of docs/long-runs.md (ATTACK=name, ATTACK_SECONDS=8)
	CARGO="$(CARGO)" scripts/prove-attacks

.PHONY: docs
docs: ## Write the generated pages and tables of docs/
	UPDATE_DOCS=1 $(CARGO) test --quiet --package sangam --test all generated_docs

.PHONY: clean
clean: ## Remove all build output
	$(CARGO) clean
