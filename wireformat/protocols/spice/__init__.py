"""SPICE: the link stage, and how a client moves from one server to another."""
