"""Documents as knowledge: text with exact places, cut by structure, found again by word and by meaning.

In: the bytes of documents that nobody has checked. Out: passages with the span of the text they stand in. It never
fetches anything, never runs what a document contains, and never believes a file name.
"""
