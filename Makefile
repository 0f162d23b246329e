.PHONY: help check lint types layers test faults golden bench picture runbook

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

check: lint types layers test  ## Everything that CI runs

lint:  ## Style, by ruff
	ruff check .
	ruff format --check .

types:  ## Types, by mypy
	mypy

layers:  ## Imports point one way, by import-linter
	lint-imports

test:  ## All tests, and the examples in docstrings
	pytest

faults:  ## Cut each revision short at each statement, and kill backup, verify, restore and prune 200 times each; CI takes some
	LITXDB_TEST_EVERY_STATEMENT=1 LITXDB_TEST_KILLS=200 pytest tests/test_migrate_interrupted.py tests/faults

golden:  ## Rewrite the golden screens; look at the difference before you commit it
	LITXDB_TEST_GOLDEN=rewrite pytest tests/test_screens.py

bench:  ## The figures, each beside the tool that one would use instead
	python -m bench

picture:  ## Draw README's picture of `litxdb up` anew
	python docs/picture.py

runbook:  ## Write docs/runbook.md anew, from the checks
	python docs/runbook.py
