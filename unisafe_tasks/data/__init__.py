"""Where cases come from: the data set, a local form of it, or a part of it."""
