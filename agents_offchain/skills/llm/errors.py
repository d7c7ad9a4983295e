"""What can go wrong between a question and an answer, ordered by what the caller should do.

Retryable   ProviderUnavailable, ProviderTimeout, RateLimited, AnswerCut: ask again or elsewhere
Refused     ProviderRefused, KeyRefused, ContextTooLong, ContentRefused, AnswerMalformed, BudgetExceeded, NoModelFits
"""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal, Refused, Retryable


class ProviderUnavailable(Retryable):
    """The provider answers with an error of its own, or not at all."""


class ProviderTimeout(Retryable):
    """No answer within the time that the caller allowed."""


class RateLimited(Retryable):
    """The provider, or a limit of ours, says: not so fast."""


class AnswerCut(Retryable):
    """The stream of an answer ended before its end mark."""


class ProviderRefused(Refused):
    """The provider says that the request itself is wrong."""


class KeyRefused(Refused):
    """The provider does not take the key."""


class ContextTooLong(Refused):
    """Question and data have more tokens than the model reads."""


class ContentRefused(Refused):
    """The model declines to answer."""


class AnswerMalformed(Refused):
    """The model's answer is not of the form asked for, also after it was told so."""


class BudgetExceeded(Refused):
    """The next call may cost more than is left."""


class NoModelFits(Refused):
    """No configured model meets what the task needs."""


class AskCancelled(Refused):
    """The caller does not want the answer any more."""


class PromptInvalid(Fatal):
    """A prompt file cannot be used; it comes with the product, so this is a fault of ours."""


class LanguageSettingsInvalid(Fatal):
    """The file of models and budgets cannot be used."""
