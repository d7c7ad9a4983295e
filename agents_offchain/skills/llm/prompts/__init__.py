"""Prompts as data: one TOML file each, with version, typed variables, output schema, examples, tests and changelog."""
