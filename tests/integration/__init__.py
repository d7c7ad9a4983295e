"""Rooms against the real thing: anvil, Valkey, processes."""
