"""A bundled, harmless stand-in set for trying the tools; it is not UniSAFE."""
