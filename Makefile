# `make demo` needs Python 3.11+ only. `make test` also Java 17, Maven, Node, Chromium and Prometheus: deploy/test-needs gets them.

BIN := .venv/bin
REQUIREMENTS := $(if $(filter spark,$(JSTORE_ENGINE)),requirements.txt,requirements-embedded.txt)
PACKAGES := core backends features serving processing monitoring jstore_site demo benchmarks tests

# Where deploy/test-needs puts Node when the machine's own is too old.
export PATH := $(CURDIR)/target/node/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo stop status test test-long test-needs bench chaos lint format openapi sql-docs lock css

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## start everything on this machine with sample data; PORT=8123 picks the web port
	@deploy/install $(REQUIREMENTS)
	@$(BIN)/python -m jstore_site.embedded up $(if $(PORT),--port $(PORT))
	@$(BIN)/python demo/generate_data.py
	@$(BIN)/python -m jstore_site.embedded welcome

stop: ## end what `make demo` started; the data stays
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m jstore_site.embedded stop; else echo "nothing was running"; fi

status: ## what of it runs
	@$(BIN)/python -m jstore_site.embedded status

test: test-needs lint ## every check and test but the long ones, on real servers
	$(BIN)/pytest -q -m "not long" --durations=15

test-long: test-needs ## the long ones
	$(BIN)/pytest -q -m long --durations=15 --timeout=1800

bench: test-needs ## how fast events get online, 20 minutes, into docs/benchmarks.md; ARGS=--quick: a glance
	$(BIN)/python benchmarks/pipeline.py $(or $(ARGS),--full --write)

chaos: test-needs ## a million messages through 300 kills and more; ends by itself with a table. ARGS="--messages 60000 --seed S"
	$(BIN)/python -m tests.chaos $(ARGS)

test-needs:
	@deploy/install requirements-test.txt
	@deploy/test-needs

lint: ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd sdk/python && ../../$(BIN)/mypy j_feature_store
	$(BIN)/lint-imports

format: ## put the style right
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

openapi: ## write docs/openapi.yaml again
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

sql-docs: ## write the tables of docs/sql.md again
	$(BIN)/python -m core.sql.reference docs/sql.md

lock: ## resolve the requirements again (needs uv)
	uv pip compile --universal --python-version 3.11 --no-header -q requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --no-header -q requirements-embedded.in -c requirements.txt -o requirements-embedded.txt
	uv pip compile --universal --python-version 3.11 --no-header -q --prerelease if-necessary-or-explicit requirements-test.in -c requirements.txt -o requirements-test.txt

css: ## build static/jstore from frontend/ again (needs Node)
	npm ci --no-audit --no-fund
	npm run build
