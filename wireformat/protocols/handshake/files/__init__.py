"""Migrations without a destination: containers and target profiles."""
