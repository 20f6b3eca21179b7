"""How lmms-eval, lm-eval and Inspect call this package."""
