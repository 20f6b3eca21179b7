"""Finished runs as their readers have them."""
