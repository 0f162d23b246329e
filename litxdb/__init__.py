"""The one command, and the library, that looks after LitXplore's PostgreSQL database."""

__version__ = "0.1.0"
