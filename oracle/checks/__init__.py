"""Pure comparison of a claimed result with what the same work gives when it is done again.

Documents and a re-executed output enter, named checks and a score leave. No clock, no network, no model; two
honest machines whose outputs differ in the last decimals get equal checks.
"""
