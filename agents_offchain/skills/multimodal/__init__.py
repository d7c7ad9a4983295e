"""What needs more than one kind of input: sensors fused with each other and with what a camera saw.

In: bytes that nobody has checked, and settings. Out: results with uncertainty and provenance. Pure like every skill.
"""
