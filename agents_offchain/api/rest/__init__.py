"""The HTTP API and the page it serves.

In: HTTP from strangers. Out: JSON, problem documents (RFC 9457), artifacts and an event stream. Reads go to the
tables alone, so that they work while the node is down; nothing in here decides anything about a job.
"""
