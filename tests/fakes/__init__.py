"""Stand-ins for the outside world that can misbehave on command: a chain, a signer, an escrow, crashes."""
