"""The report behind a verdict: one document, equal to the byte for all honest reporters, and its hash.

Checks enter, canonical bytes leave. Who wrote it and when is not in it; that stands in the signatures.
"""
