"""Measure the language skills on the fixed sets of `evaluation/language`: ``python -m tools.eval_language``."""
