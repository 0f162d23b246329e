"""Activity and locks."""
