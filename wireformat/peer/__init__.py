"""Thin input and output round the sans-IO machines."""
