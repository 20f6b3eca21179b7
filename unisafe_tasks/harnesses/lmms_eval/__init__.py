"""The seven tasks in lmms-eval."""
