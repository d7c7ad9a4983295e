"""An agent is data: who it is, what it offers, what it may use, which jobs it takes.

A TOML file goes in, a checked value comes out. No behaviour, no keys (only a key's name).
"""
