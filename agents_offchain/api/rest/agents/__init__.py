"""Agents as the HTTP API shows them: those on the message server, and visitors who registered by HTTP.

A visitor has no process on the message server; its mail is kept in the database until it says that it has it, and is
pushed over a WebSocket while one is open.
"""
