"""The protocols, one folder each."""
