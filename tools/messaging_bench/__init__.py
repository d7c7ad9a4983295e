"""`make bench-messaging`: what the product's messages cost beside a bare loop on the same server in the same run.

`bare` is the loop, `served` the other process of both, `measures` what is measured, `agreements` decisions over the
server, `__main__` rounds and table.
"""
