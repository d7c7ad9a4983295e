"""The model that comes with the product, run by llama.cpp inside the worker process: no key, no network, no server.

One thread, temperature 0, one seed and no prompt cache, so that the same build on the same kind of processor gives
the same answer. It is a small model; what it can and cannot do is measured in `docs/language.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.llm.chat import Ask, Listener, Reply, Usage
from agents_offchain.skills.llm.errors import (
    AskCancelled,
    ContextTooLong,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from agents_offchain.skills.manifest import read_checked, read_manifest

NAME = "local"
MODEL = "smollm2"
CONTEXT_TOKENS = 2048
_BAD_REQUEST = 400
_LOADING = 503


@dataclass(slots=True, eq=False)
class LocalModel:
    """SmolLM2-135M-Instruct, loaded at the first question, or asked where it is loaded already.

    Args:
        models_dir: The folder that set-up filled.
        threads: Threads of one answer.
        server_url: Where the same model serves on this machine; when it does not answer, it is loaded here.
    """

    models_dir: Path
    threads: int = 1
    name: str = NAME
    server_url: str = ""
    _server: Any = field(default=None, repr=False)

    @property
    def digests(self) -> dict[str, str]:
        """``sha256:<hex>`` of the weights, for the evidence."""
        return {MODEL: f"sha256:{read_manifest('llm')[MODEL].sha256}"}

    @property
    def runtime(self) -> dict[str, str | int]:
        """Version and thread count, for the evidence."""
        return {"xllamacpp": version("xllamacpp"), "llm_threads": self.threads}

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        """Answer once; the whole text is handed to `on_text` at its end.

        Raises:
            ModelMissing, ModelDigestMismatch, InferenceFailed: this machine cannot run it.
        """
        answer = self._ask_server(ask) if self.server_url else None
        if answer is None:
            if self._server is None:
                self._server = load_engine(self.models_dir, self.threads)
            answer = self._server.handle_chat_completions(_request(ask))
        if not isinstance(answer, Mapping) or "choices" not in answer:
            raise _explain(answer)
        choice, usage = answer["choices"][0], answer.get("usage", {})
        text = str(choice["message"].get("content") or "")
        if on_text is not None and not on_text(text):
            raise AskCancelled("The answer is not wanted any more.")
        return Reply(
            text=text,
            model=f"{MODEL}@{self.digests[MODEL][:19]}",
            usage=Usage(int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))),
            finish="length" if choice.get("finish_reason") == "length" else "stop",
        )

    def _ask_server(self, ask: Ask) -> Any:
        """What the server says; None when it is away, or still loading."""
        import httpx

        try:
            with httpx.Client(timeout=ask.timeout_seconds, trust_env=False) as client:
                response = client.post(f"{self.server_url}/v1/chat/completions", json=_request(ask))
        except httpx.TimeoutException as error:
            raise ProviderTimeout("The local language model did not answer in time.") from error
        except httpx.HTTPError:
            return None
        try:
            return None if response.status_code == _LOADING else response.json()
        except ValueError:
            return None


def _request(ask: Ask) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": [message.as_dict() for message in ask.messages],
        "max_tokens": ask.max_tokens,
        "temperature": 0,
        "seed": ask.seed,
        "cache_prompt": False,
    }
    if ask.schema is not None:
        named = {"name": "answer", "schema": dict(ask.schema)}
        request["response_format"] = {"type": "json_schema", "json_schema": named}
    return request


def load_engine(models_dir: Path, threads: int, host: str = "127.0.0.1", port: int = 0) -> Any:
    """The engine with the checked weights.

    Args:
        port: Where it serves HTTP; 0 is a port that nobody is told of.

    Raises:
        ModelMissing, ModelDigestMismatch, InferenceFailed: this machine cannot run it.
    """
    import xllamacpp

    entry = read_manifest("llm")[MODEL]
    read_checked(entry, models_dir)
    params = xllamacpp.CommonParams()
    params.model.path = str(entry.locate(models_dir))
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_threads_http = 1
    params.warmup = False
    params.verbosity = 0
    params.hostnames = [host]
    params.port = port
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.ctx_shift = False
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise InferenceFailed("The local language model cannot be loaded.", reason=str(error)[:200]) from error


def _explain(answer: Any) -> Exception:
    error = answer.get("error", {}) if isinstance(answer, Mapping) else {}
    said = str(error.get("message", answer))[:200]
    if "exceed" in said and "context" in said:
        return ContextTooLong(f"The local model reads {CONTEXT_TOKENS} tokens; this is more.", reason=said)
    if error.get("code") == _BAD_REQUEST:
        return ProviderRefused("The local model's engine refuses the request.", reason=said)
    return ProviderUnavailable("The local model's engine failed.", reason=said)
