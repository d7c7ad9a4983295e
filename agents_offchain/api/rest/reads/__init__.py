"""Queries of the read tables, as the shapes that go out.

Each takes an open read transaction, so that one answer comes from one state of the tables.
"""
