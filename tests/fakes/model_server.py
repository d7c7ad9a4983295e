"""An OpenAI-compatible server that misbehaves on command: 429, 500, slow, cut, wrong JSON, wrong price, refusal."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STATUS = {"busy": 429, "broken": 500, "no-key": 401, "bad": 400, "too-long": 400}
WORDS = {"too-long": "This model's maximum context length is 100 tokens. context_length_exceeded"}


class ModelServer(ThreadingHTTPServer):
    """Answers every chat by the next word of `script`, or `good` when it is empty.

    Attributes:
        seen: The bodies of all requests.
        keys: The keys that were sent.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append(body)
        self.server.keys.append(self.headers.get("authorization", ""))
        word = self.server.script.pop(0) if self.server.script else "good"
        if word in STATUS:
            self._refuse(STATUS[word], WORDS.get(word, f"{word}: the key {self.server.keys[-1]} was sent"))
            return
        if word == "slow":
            self.server.released.wait(30)
        self._stream(word)

    def _refuse(self, status: int, message: str) -> None:
        data = json.dumps({"error": {"message": message, "type": "x", "code": "x"}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, word: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        text = '{"wrong": ' if word == "wrong-json" else '{"answer": "five", "source": 1}'
        for piece in (text[:8], text[8:]):
            self._event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}}]})
            if word == "cut":
                return
        reason = {"filtered": "content_filter", "long": "length"}.get(word, "stop")
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        tokens = (100_000, 50_000) if word == "wrong-price" else (40, 8)
        usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        self._event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, content: dict[str, Any]) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "sim", **content}
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A running server, stopped at the end."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
