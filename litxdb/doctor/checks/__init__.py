"""The checks that one query cannot answer, one a file; the others are SQL files in sql/checks."""
