"""The text-output tasks in lm-eval."""
