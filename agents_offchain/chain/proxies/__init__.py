"""Typed views of our contracts: one class a contract, one method a view, values instead of tuples.

Calldata for writes is built here too; sending it is the sender's business.
"""
