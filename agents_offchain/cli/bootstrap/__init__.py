"""Puts the parts together, one module a process; each imports only what its process uses.

Settings come in, a running process comes out. Nothing in here decides anything.
"""
