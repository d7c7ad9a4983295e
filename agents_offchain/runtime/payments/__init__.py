"""The cashier: what was promised off chain is verified, kept, and turned into money in time.

In: vouchers, orders and signed hires, as documents. Out: claims in batches that are worth their gas, a claim inside the
grace when a payer leaves, credits sent to their owners, and hires carried for clients without gas. Every transaction
goes through the journalled outbox, and every one of them is harmless to repeat.
"""
