"""The header with which every channel of a migration starts."""
