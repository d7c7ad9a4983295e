"""Both block stores keep the same promises; the one on disk also keeps them through damage and a full disk."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from agents_offchain.storage.artifacts.blocks import MAX_BLOCK_BYTES, BlockStore, FileBlockStore, MemoryBlockStore
from agents_offchain.storage.artifacts.cid import Codec, cid_of
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactNotFound,
    ArtifactTooLarge,
    StoreFull,
    StoreInUse,
    StoreUnavailable,
)
from agents_offchain.storage.artifacts.pins import PinBoard

pytestmark = pytest.mark.unit


class BlockStorePromises:
    """What every store does; subclasses say which one."""

    @pytest.fixture
    def store(self) -> BlockStore:
        raise NotImplementedError

    @pytest.mark.parametrize("block", [b"", b"x", bytes(range(256)) * 4096], ids=["empty", "one byte", "1 MiB"])
    def test_get__after_put__returns_the_bytes(self, store: BlockStore, block: bytes) -> None:
        digest = store.put(block)
        assert digest == hashlib.sha256(block).digest()
        assert store.get(digest) == block
        assert store.has(digest)
        assert store.size_bytes(digest) == len(block)

    def test_put__twice__counts_once(self, store: BlockStore) -> None:
        assert store.put(b"same") == store.put(b"same")
        assert store.usage() == (1, 4)

    def test_get__unknown__is_not_found(self, store: BlockStore) -> None:
        assert not store.has(bytes(32))
        with pytest.raises(ArtifactNotFound):
            store.get(bytes(32))
        with pytest.raises(ArtifactNotFound):
            store.size_bytes(bytes(32))

    def test_put__beyond_the_block_limit__is_refused(self, store: BlockStore) -> None:
        with pytest.raises(ArtifactTooLarge):
            store.put(bytes(MAX_BLOCK_BYTES + 1))
        assert store.usage() == (0, 0)


class TestMemoryBlockStore(BlockStorePromises):
    @pytest.fixture
    def store(self) -> BlockStore:
        return MemoryBlockStore()

    def test_get__block_changed_behind_its_back__is_corrupted(self) -> None:
        store = MemoryBlockStore()
        digest = store.put(b"honest")
        store.digest_to_block[digest] = b"other"
        with pytest.raises(ArtifactCorrupted):
            store.get(digest)


class TestFileBlockStore(BlockStorePromises):
    @pytest.fixture
    def store(self, tmp_path: Path) -> BlockStore:
        return FileBlockStore(tmp_path)

    @pytest.mark.parametrize("damage", [b"", b"hones", b"honesT", b"honest and more"])
    def test_get__file_damaged__is_corrupted_and_adding_again_mends_it(self, tmp_path: Path, damage: bytes) -> None:
        store = FileBlockStore(tmp_path)
        digest = store.put(b"honest")
        store.path_of(digest).write_bytes(damage)
        with pytest.raises(ArtifactCorrupted) as caught:
            store.get(digest)
        assert caught.value.mend
        store.put(b"honest")
        assert store.get(digest) == b"honest"

    def test_put__write_fails_for_want_of_room__nothing_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = FileBlockStore(tmp_path)

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreFull) as caught:
            store.put(b"block")
        assert "full" in caught.value.message
        assert caught.value.mend
        assert not list(store.incoming.iterdir())
        assert not store.has(hashlib.sha256(b"block").digest())

    def test_put__folder_not_writable__is_unavailable_with_the_reason(self, tmp_path: Path) -> None:
        store = FileBlockStore(tmp_path)
        store.incoming.rmdir()
        with pytest.raises(StoreUnavailable):
            store.put(b"block")

    def test_open_exclusively__second_process__is_told_that_it_is_in_use(self, tmp_path: Path) -> None:
        first, second = FileBlockStore(tmp_path), FileBlockStore(tmp_path)
        first.open_exclusively()
        with pytest.raises(StoreInUse):
            second.open_exclusively()
        first.close()
        second.open_exclusively()
        second.close()

    def test_open_exclusively__leftovers_of_a_kill__are_swept(self, tmp_path: Path) -> None:
        store = FileBlockStore(tmp_path)
        (store.incoming / "half").write_bytes(b"ha")
        store.open_exclusively()
        assert not list(store.incoming.iterdir())
        store.close()


def test_pin_board__add_list_remove__remembers_across_instances(tmp_path: Path) -> None:
    root = cid_of(b"kept", Codec.RAW)
    PinBoard(tmp_path / "pins").add(root)
    PinBoard(tmp_path / "pins").add(root)
    pins = PinBoard(tmp_path / "pins")
    assert pins.listed() == [str(root)]
    assert pins.remove(root)
    assert not pins.remove(root)
    assert pins.listed() == []
