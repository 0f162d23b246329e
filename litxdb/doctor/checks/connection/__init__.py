"""Connection, TLS and provider."""
