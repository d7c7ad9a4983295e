"""Words everybody shares: ids, units, time, canonical bytes, typed-data hashes, errors, settings.

Plain values enter and leave. Imports nothing of ours and never touches network, disk state or keys.
"""
