"""From an output to verdicts."""
