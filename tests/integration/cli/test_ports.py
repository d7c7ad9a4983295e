from __future__ import annotations

import os
import socket

import pytest

from agents_offchain.runtime.supervisor.errors import PortTaken
from agents_offchain.runtime.supervisor.ports import choose_port, free_port, listens, require_port

pytestmark = pytest.mark.integration
HOST = "127.0.0.1"


def test_require_port__given_a_taken_one__says_by_whom_and_what_to_do() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken") as refusal:
            require_port(HOST, port, "--port")
        assert "--port" in refusal.value.mend
        assert listens(os.getpid(), port)
        assert choose_port(HOST, None, port, "--port") != port


def test_choose_port__given_the_last_one_is_free__takes_it_again() -> None:
    last = free_port(HOST)
    assert choose_port(HOST, None, last, "--port") == last
    assert not listens(os.getpid(), last)
