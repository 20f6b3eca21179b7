"""A public leaderboard: `check` looks at a submission, `full_set` says what must be in it."""
