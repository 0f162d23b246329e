"""The test bed: servers, poolers, certificates and faults that tests run against, one subject a file.

Fixtures are in `tests/conftest.py`; `docs/testing.md` shows each with an example.
"""
