"""How agents talk: signed envelopes over durable topics.

Bytes of a message enter at `publish` and leave, at least once, at `receive`; a receiver that dies before
it acknowledged leaves its messages to the next one. Nothing in here decides what a message means, holds a
key or keeps a fact: the stream may be lost, and what matters is announced again.
"""
