# The commands of ProMedicine. Each sets up what it needs first; what is set up already costs no time.
# Everything but a command's own output goes to standard error.

PYTHON ?= python3
SETUP = $(PYTHON) -m config.supervisor.setup
OURS = .venv/bin/python -m
# Without compiled files every process compiles the framework anew: two seconds each, and we start many.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test manage bench fmt lock
.DEFAULT_GOAL := help

help: ## Show the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/' | expand -t 14

run: ## Run the clinic with demo data; PORT=8010 chooses another port, Ctrl-C stops it
	@$(SETUP) run && exec $(OURS) config.supervisor.launch

test: ## Run every check and every test
	@$(SETUP) test && exec $(OURS) config.supervisor.check

manage: ## Run one manage.py command: make manage CMD="import_supplier --help"
	@$(SETUP) run && exec $(OURS) config.supervisor.manage

bench: ## Run the benchmarks, or one: make bench BENCH=startup
	@$(SETUP) run && exec $(OURS) config.benchmarks $(BENCH)

fmt: ## Put all code into the one format
	@$(SETUP) run && $(OURS) ruff check --quiet --fix-only . && exec $(OURS) ruff format .

lock: ## Bring uv.lock up to date with pyproject.toml; UPGRADE=1 takes the newest of everything
	@$(SETUP) run && exec $(OURS) config.supervisor.lock
