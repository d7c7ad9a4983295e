"""One paid job from end to end, on this machine: hired, done, checked, posted, settled, and proved from the chain.

A photograph comes in, a receipt goes out. It uses the same doors as any client: the API for files, a wallet's key
for transactions; the one thing only a local chain allows, moving the clock, is said plainly.
"""
