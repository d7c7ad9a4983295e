"""`aitbc hire`: a file or a sentence in, a checked result and a receipt out, and the pay locked once.

In: a listing or a service, an input, a price cap, a request id. Out: one job, its result saved and checked by its
digest on chain. Killed at any line, the same request id goes on with the same job.
"""
