"""`aitbc channel | order | relay`: money promised off chain, from both sides.

In: names of keys, amounts in whole tokens, documents. Out: signed documents to hand over, transactions, tables.
"""
