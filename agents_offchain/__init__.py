"""The off-chain half of the market: daemons, skills, read model, API and the `aitbc` command.

Facts come in from the chain, results go back to it; nothing in here is trusted with principal.
Rooms import downward only (see docs/architecture.md); wiring happens in `cli/` alone.
"""
