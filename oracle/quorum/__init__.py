"""Who said what, and whether enough said the same.

Signed verdicts enter, the largest agreeing group leaves, with the names of those who contradicted
themselves. Counting is pure; nothing in here posts.
"""
