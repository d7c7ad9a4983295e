"""Stores of money promised off chain: channels with vouchers, orders, carried hires.

Each knows what was verified and how far claiming is; what a promise is worth is judged in `runtime/payments`.
"""
