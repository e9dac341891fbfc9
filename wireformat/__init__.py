"""The specification of virtual-machine live migration that runs."""

__version__ = "0.1.0"
