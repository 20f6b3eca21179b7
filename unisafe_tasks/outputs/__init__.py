"""What came back from a model, and what it counts as."""
