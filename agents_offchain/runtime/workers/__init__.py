"""Skills in child processes: bounded in time, memory, output; without keys, sockets of ours or secrets.

Bytes go in through a scratch folder and come out the same way; a child that misbehaves is killed
with everything it started.
"""
