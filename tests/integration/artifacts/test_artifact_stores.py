"""The store in memory and the one behind Kubo's API keep the same promises to their callers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agents_offchain.storage.artifacts.client import (
    ArtifactStore,
    KuboArtifactStore,
    MemoryArtifactStore,
    cid_to_digest,
    digest_to_cid,
)
from agents_offchain.storage.artifacts.errors import ArtifactNotFound, ArtifactTooLarge, CidInvalid

pytestmark = pytest.mark.integration

ABSENT = digest_to_cid(bytes(32))
LIMIT_BYTES = 4 << 20


class ArtifactStorePromises:
    @pytest.fixture
    def store(self) -> ArtifactStore:
        raise NotImplementedError

    @pytest.mark.parametrize("size_bytes", [0, 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 5])
    async def test_get__after_put__is_the_same_bytes(self, store: ArtifactStore, size_bytes: int) -> None:
        data = bytes(index * 7 % 253 for index in range(size_bytes))
        cid = await store.put(data)
        assert await store.has(cid)
        assert await store.get(cid, size_bytes) == data

    async def test_put__a_document__has_the_cid_of_its_digest(self, store: ArtifactStore) -> None:
        cid = await store.put(b'{"schema":"aitbc.result/1"}')
        assert digest_to_cid(cid_to_digest(cid)) == cid

    async def test_put__many_at_once__all_are_there(self, store: ArtifactStore) -> None:
        documents = [f"document {number}".encode() for number in range(12)]
        cids = await asyncio.gather(*map(store.put, documents))
        assert await asyncio.gather(*(store.get(cid, 100) for cid in cids)) == documents

    async def test_get__more_bytes_than_allowed__is_refused(self, store: ArtifactStore) -> None:
        cid = await store.put(bytes(3 << 20))
        with pytest.raises(ArtifactTooLarge):
            await store.get(cid, (3 << 20) - 1)

    async def test_put__beyond_the_stores_limit__is_refused(self, store: ArtifactStore) -> None:
        with pytest.raises(ArtifactTooLarge):
            await store.put(bytes(LIMIT_BYTES + 1))

    async def test_get_has_pin__unknown__is_not_found(self, store: ArtifactStore) -> None:
        assert not await store.has(ABSENT)
        with pytest.raises(ArtifactNotFound):
            await store.get(ABSENT, 10)
        with pytest.raises(ArtifactNotFound):
            await store.pin(ABSENT)

    async def test_every_call__not_a_cid__is_refused(self, store: ArtifactStore) -> None:
        for call in (store.get("nonsense", 10), store.has("nonsense"), store.pin("nonsense")):
            with pytest.raises(CidInvalid):
                await call

    async def test_pin__known__succeeds_twice(self, store: ArtifactStore) -> None:
        cid = await store.put(bytes(2 << 20))
        await store.pin(cid)
        await store.pin(cid)


class TestMemoryArtifactStore(ArtifactStorePromises):
    @pytest.fixture
    def store(self) -> ArtifactStore:
        return MemoryArtifactStore(LIMIT_BYTES)


class TestKuboArtifactStore(ArtifactStorePromises):
    @pytest.fixture
    def store(self, start_server: Callable[..., Any]) -> ArtifactStore:
        return KuboArtifactStore(start_server("--max-add-bytes", str(LIMIT_BYTES)).url)
