"""Migrations and seed."""
