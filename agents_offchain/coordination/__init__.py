"""How several agents act as one.

Signed opinions of many agents enter, one outcome that a stranger can check leaves. Nothing in here holds a key,
trusts a sender's word for who it is, or posts anything to the chain.
"""
