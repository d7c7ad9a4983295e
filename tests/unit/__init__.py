"""Pure tests, one folder a room; sockets are blocked."""
