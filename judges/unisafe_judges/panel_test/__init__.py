"""Outputs with known verdicts, by which a panel is tested before it is paid for a run."""
