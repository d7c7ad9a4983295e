"""Plan, act, check: questions that are answered by looking things up with read-only tools.

In: a question, the tools of a role over facts of one block, a planner (rules, or a language model). Out: an answer that
what was looked up carries, with every step. Nothing in here writes, signs, pays, or opens a connection of its own.
"""
