"""`aitbc watch`: a full screen of what runs, what is to do, what was earned, and what is wrong; read from tables.

In: a home. Out: a screen that follows it, one picture (SVG), or one JSON document. It changes nothing.
"""
