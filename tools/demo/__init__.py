"""What writes the demo set."""
