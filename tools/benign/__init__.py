"""What writes the benign set."""
