"""What a message looks like and why it can be believed: envelope, signature, refusal of replays.

Bytes from anybody enter, checked envelopes leave. Signing happens behind a port, in the signer process.
"""
