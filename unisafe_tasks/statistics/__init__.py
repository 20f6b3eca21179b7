"""Statistics of results: arrays in, estimates with intervals out. Nothing here reads a file."""
