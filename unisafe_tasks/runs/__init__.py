"""The run folder on disk: written while a run goes on, and read again."""
