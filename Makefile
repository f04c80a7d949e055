# What one types here. `make` alone lists it. Needs, beside make: Rust, a C++ compiler, git, npm.
#
# DuckDB comes prebuilt where that is possible and is compiled where it is not: scripts/cargo.sh.
#   make test ARGS='-- bundle'      further arguments for cargo (after `--`: for the tests)
#   make demo AGNES_DUCKDB=bundled  compile DuckDB from source: about half an hour of CPU, once
#   make install PREFIX=~/.local

CARGO   := scripts/cargo.sh
TARGET  := $(or $(CARGO_TARGET_DIR),target)
AGNES   := $(TARGET)/debug/agnes
PREFIX  ?= /usr/local
DEST    := $(DESTDIR)$(PREFIX)
ARGS    ?=
export AGNES_DUCKDB

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: ## build, then show what agnes does, in a data folder of its own
	$(CARGO) run --locked -- demo $(ARGS)

test: ## run all tests, with the real clients if npm can have them
	scripts/clients.sh $(CARGO) test --locked $(ARGS)

build: ## build target/debug/agnes
	$(CARGO) build --locked $(ARGS)

release: ## build target/release/agnes
	$(CARGO) build --locked --release $(ARGS)

lint: ## check formatting, clippy's lints, licences and advisories
	cargo fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	scripts/deny.sh

generate: build ## write completions/, man/ and docs/openapi.json anew
	rm -rf $(TARGET)/generated && mkdir -p $(TARGET)/generated/man completions man
	for shell in bash elvish fish powershell zsh; do \
	    $(AGNES) completions $$shell >$(TARGET)/generated/agnes.$$shell || exit; done
	$(AGNES) man $(TARGET)/generated/man
	$(AGNES) openapi >$(TARGET)/generated/openapi.json
	mv $(TARGET)/generated/openapi.json docs/openapi.json
	mv $(TARGET)/generated/agnes.* completions/
	rm -f man/*.1 && mv $(TARGET)/generated/man/*.1 man/

bench: release ## measure against git and zip: CORPUS=folder of bare repositories
	benches/corpus.py --agnes $(TARGET)/release/agnes $(CORPUS) $(ARGS)

install: release ## install below PREFIX (/usr/local), with man pages and completions
	install -D -m 755 $(TARGET)/release/agnes $(DEST)/bin/agnes
	lib=$$(ldd $(TARGET)/release/agnes | sed -n 's/^.*libduckdb\.so => \(.*\) (0x.*/\1/p'); \
	    test -z "$$lib" || install -D -m 644 "$$lib" $(DEST)/lib/agnes/libduckdb.so
	install -D -m 644 -t $(DEST)/share/man/man1 man/*.1
	install -D -m 644 completions/agnes.bash $(DEST)/share/bash-completion/completions/agnes
	install -D -m 644 completions/agnes.zsh  $(DEST)/share/zsh/site-functions/_agnes
	install -D -m 644 completions/agnes.fish $(DEST)/share/fish/vendor_completions.d/agnes.fish

clean: ## remove what was built
	cargo clean

.PHONY: help demo test build release lint generate bench install clean
