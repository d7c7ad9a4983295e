"""`make bench-messaging`: what the product's messages cost beside a bare loop on the same server in the same run.

`bare` is the loop, `served` the other process of both, `measures` what is measured, `__main__` rounds and table.
"""
