"""Seeing: what objects a picture shows, where they are, and what is written in it.

In: the bytes of a picture that nobody has checked, settings, models loaded from digest-checked files. Out: boxes in
pixels of the picture as a person sees it, text lines, an annotated JPEG. It never fetches a model, never trusts a file
name or a declared size, and gives the same answer to the same bytes.
"""
