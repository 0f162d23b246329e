"""Schemas compared: the catalog as a fingerprint, how two differ, and a database against its migrations."""
