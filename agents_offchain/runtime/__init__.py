"""The loop of a daemon: fact, decision, skill, result.

Facts come from the inbox, results leave through the outbox; a skill runs in a child process with
limits. Nothing in here signs, and nothing in here calls a contract by itself.
"""
