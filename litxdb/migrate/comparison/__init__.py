"""Schemas compared: the catalogue as a fingerprint, how two differ, and a database against its migrations."""
