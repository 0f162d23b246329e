"""LitXplore's migrations: `versions/` holds one file a revision, `env.py` is how Alembic runs them."""

from pathlib import Path

DIRECTORY = Path(__file__).parent
VERSIONS = DIRECTORY / "versions"
