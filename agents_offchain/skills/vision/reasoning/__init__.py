"""Answering questions about a picture from what was detected in it, with the boxes that the answer rests on.

In: a question in English, objects with scores and boxes, text lines, pixels. A question becomes a small typed program
(`parse`), the program is run over the findings (`execute`). Out: an answer with its evidence, or "cannot tell" with the
reason. A program says everything that is computed; words that the parser does not know are refused, never skipped.
"""
