"""Extensions and settings."""
