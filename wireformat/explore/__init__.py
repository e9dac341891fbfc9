"""The explorer: every state that a world can get into, and the shortest way to one that should not be."""
