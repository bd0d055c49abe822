# Everything lives in .venv; `make up` and `make test` do all the set-up. PYTHON=... chooses another interpreter.
.DEFAULT_GOAL := help
BIN := .venv/bin
STAMP := .venv/.installed
# Without bytecode each process starts a second later: told to keep none, Python keeps it aside.
export PYTHONPYCACHEPREFIX := $(if $(PYTHONDONTWRITEBYTECODE),$(CURDIR)/.pycache,$(PYTHONPYCACHEPREFIX))
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help install up down test lint docs bench drills

help: ## Show this
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Put everything into .venv (a second run does nothing)

$(STAMP): lock/dev.txt pyproject.toml scripts/install
	@PYTHON="$(PYTHON)" sh scripts/install
	@touch $@

up: install ## Start the whole stack on this machine, the first time with a demo shop; Ctrl-C stops it
	@if [ -d "$${FRESHET_DATA:-.freshet}/shards" ]; then $(BIN)/freshet up; else $(BIN)/freshet demo; fi

down: install ## Stop the stack
	@$(BIN)/freshet down

test: install ## Run all tests on a real Kafka and Redis, in three processes, as servers are waited for (ARGS="tests/unit -q": a part, in one)
	@$(BIN)/python -m pytest $(or $(ARGS),-n 3 --dist loadfile --no-loadscope-reorder)

lint: install ## Format, lint, types, import rules
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: install ## Write the generated parts of docs/*.md again
	$(BIN)/python -m freshet.reference write

bench: install ## Measure encoder, freshness and search of a running stack; then the shard engine alone
	@for what in embed freshness search 'shard --seconds 60' filter 'scale --rows 10000,100000'; do $(BIN)/freshet bench $$what || exit 1; done

drills: install ## The long fault drills
	@$(BIN)/python -m pytest tests/drills -m drill -s $(ARGS)
