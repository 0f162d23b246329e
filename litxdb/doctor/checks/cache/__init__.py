"""LitXplore's cache in Redis: whether it answers, whether it serves, and what only takes room in it."""
