"""Tables, vacuum and space."""
