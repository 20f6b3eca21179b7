"""Models that this package adds to lmms-eval. Importing them needs lmms-eval."""
