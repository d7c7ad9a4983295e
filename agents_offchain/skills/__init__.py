"""What an agent can do: pure skills that turn bytes and settings into a result with its evidence.

In: the input's bytes, settings and models that somebody else loaded. Out: a `SkillResult`. A skill never holds a key,
never calls the chain, the network or another agent, and never decides whether a job is worth doing.
"""
