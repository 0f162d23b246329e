"""The reports that one query cannot answer, one a file.

The docstring is the report's title and what to know before acting on it, COLUMNS what it answers, read() looks.
"""
