"""What follows from a declaration beside its codec: strategies, mutations and more."""
