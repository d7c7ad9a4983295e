"""Composed scenes and generated trajectories with exact truth, and what the vision skills make of them."""
