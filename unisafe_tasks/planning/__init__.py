"""A table of many models before it is run: models.yaml, and what it takes."""
