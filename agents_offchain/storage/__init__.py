"""Durable memory: tables, cursors, inbox, outbox, journal, and artifacts.

Rows and bytes enter and leave. A table is a cache, a queue or a cursor; facts live on the chain, so
everything here may be thrown away and rebuilt. Nothing in here talks to a node or holds a key.
"""
