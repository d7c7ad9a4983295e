"""Whom a message goes to: who is alive and can do it, in which order they are tried, and what happens if none does.

In: queries and messages. Out: endpoints in order, or a dead letter with its reason. Nothing here sends.
"""
