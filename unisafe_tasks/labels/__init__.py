"""Verdicts of people: a sample for them to label, and panels measured against them."""
