"""How management says where a migration goes: addresses, and the channels they are for."""
