"""Doors of the product for other programs and for the page.

Requests come in, reads of the tables and stored bytes go out. An API process holds no key, sends no
transaction and never calls a daemon: what it asks of one is a row in a table.
"""
