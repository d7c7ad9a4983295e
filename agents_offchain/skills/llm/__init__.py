"""Language: answer, summarise, extract, classify from documents, with quotations that anybody can check.

In: documents nobody has checked, a client's settings, models that somebody else chose. Out: statements with the exact
places that carry them, and the trace of every question put to a model. A model's words are a draft: what is handed over
is what the checks let through. It never does arithmetic or looks something up by asking a model.
"""
