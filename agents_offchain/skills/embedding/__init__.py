"""Texts as vectors: near in meaning is near in direction.

In: texts, a model loaded from digest-checked files. Out: unit vectors. It fetches nothing and gives the same vector for
the same text, whatever else is in the batch, up to the last bits of float32.
"""
