"""What the client does without a server: addresses, the store in memory, words of a store turned into errors."""

import asyncio
import subprocess
import sys

import pytest

from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.errors import AitbcError, SettingsInvalid
from agents_offchain.storage.artifacts.client import (
    ArtifactStore,
    MemoryArtifactStore,
    cid_to_digest,
    error_from_answer,
    to_multiaddr,
)
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    StoreFull,
    StoreUnavailable,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("url", "multiaddr"),
    [
        ("http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("http://127.0.0.1:5001/", "/ip4/127.0.0.1/tcp/5001/http"),
        ("https://ipfs.example", "/dns/ipfs.example/tcp/443/https"),
        ("http://[::1]:5001", "/ip6/::1/tcp/5001/http"),
        ("/dns/kubo/tcp/5001/http", "/dns/kubo/tcp/5001/http"),
    ],
)
def test_to_multiaddr__an_address__is_its_multiaddr(url: str, multiaddr: str) -> None:
    assert to_multiaddr(url) == multiaddr


@pytest.mark.parametrize("url", ["", "127.0.0.1:5001", "ftp://host", "http://", "http://h:99999", "http://h/api/v0"])
def test_to_multiaddr__not_an_address__is_refused_with_a_mend(url: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        to_multiaddr(url)
    assert caught.value.mend


def test_put__a_canonical_document__has_the_cid_of_its_digest() -> None:
    document = canonical_json({"schema": "aitbc.request/1"})
    store: ArtifactStore = MemoryArtifactStore()
    assert cid_to_digest(asyncio.run(store.put(document))) == sha256(document)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("block was not found locally (offline): ipld: could not find bafy", ArtifactNotFound),
        ("ipld: could not find Qm", ArtifactNotFound),
        ("write /data/x: no space left on device", StoreFull),
        ("The disk of the artifact store is full; the artifact was not stored.", StoreFull),
        ("The file is too large: it has more than the 10 bytes allowed.", ArtifactTooLarge),
        ("The block 00 is damaged on disk: its bytes have another digest.", ArtifactCorrupted),
        ("block in storage has different hash than requested", ArtifactCorrupted),
        ("something else", StoreUnavailable),
    ],
)
def test_error_from_answer__words_of_a_store__become_the_right_family(message: str, expected: type[AitbcError]) -> None:
    assert type(error_from_answer(message)) is expected


def test_import__client__does_not_load_the_driver() -> None:
    code = "import sys, agents_offchain.storage.artifacts.client; print('ipfshttpclient' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
