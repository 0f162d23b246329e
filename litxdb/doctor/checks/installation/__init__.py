"""litxdb's own set-up."""
