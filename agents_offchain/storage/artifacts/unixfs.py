"""Files as graphs of blocks: UnixFS over dag-pb, written and read.

In: chunks of a file, or a root CID and a way to get blocks. Out: a root CID, or the file's bytes in order. Two profiles
are written; the same file has another CID in the other one, so whoever keeps a CID keeps the profile's name with it.
Source: specs.ipfs.tech, UnixFS and the profiles of IPIP-499; dag-pb codec specification (links before data).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from agents_offchain.storage.artifacts.cid import Cid, Codec, cid_of, decode_cid
from agents_offchain.storage.artifacts.errors import ArtifactMalformed, CidInvalid

FILE_TYPE = 2
RAW_TYPE = 0
MAX_DEPTH = 16

PutBlock = Callable[[bytes], object]
GetBlock = Callable[[Cid], bytes]


@dataclass(frozen=True, slots=True)
class Profile:
    """How a file is cut and linked.

    Attributes:
        name: As in IPIP-499, or the customary name of Kubo's old default.
        cid_version: Of every block.
        chunk_bytes: Length of every leaf but the last.
        width: Links of an inner node at most.
        has_raw_leaves: Leaves are bare bytes, not dag-pb nodes.
    """

    name: str
    cid_version: int
    chunk_bytes: int
    width: int
    has_raw_leaves: bool


V1_2025 = Profile("unixfs-v1-2025", 1, 1 << 20, 1024, True)
V0_2015 = Profile("unixfs-v0-2015", 0, 256 << 10, 174, False)


@dataclass(frozen=True, slots=True)
class Link:
    """One child: its CID, the bytes of the file below it, the bytes of its block and all blocks below."""

    cid: Cid
    file_bytes: int
    tree_bytes: int


@dataclass(frozen=True, slots=True)
class FileNode:
    """A decoded dag-pb UnixFS file node: own data, then the children's."""

    data: bytes
    children: tuple[Cid, ...]
    child_bytes: tuple[int, ...]
    file_bytes: int


class FileTree:
    """A file being stored: leaves as soon as they are complete, inner nodes and root at the end."""

    def __init__(self, put: PutBlock, profile: Profile = V1_2025) -> None:
        self._put = put
        self._profile = profile
        self._pending = bytearray()
        self._leaves: list[Link] = []

    def extend(self, pieces: Iterable[bytes]) -> None:
        """Take more of the file; stores every leaf that is complete. Raises what ``put`` raises."""
        size_bytes = self._profile.chunk_bytes
        for piece in pieces:
            self._pending += piece
            while len(self._pending) >= size_bytes:
                self._leaves.append(_write_leaf(bytes(self._pending[:size_bytes]), self._put, self._profile))
                del self._pending[:size_bytes]

    def finish(self) -> Link:
        """Store the rest and return the root. The root goes last: it is there only when all below it is."""
        if self._pending or not self._leaves:
            self._leaves.append(_write_leaf(bytes(self._pending), self._put, self._profile))
        level, width = self._leaves, self._profile.width
        while len(level) > 1:
            groups = (level[start : start + width] for start in range(0, len(level), width))
            level = [_write_parent(group, self._put, self._profile) for group in groups]
        return level[0]


def write_file(pieces: Iterable[bytes], put: PutBlock, profile: Profile = V1_2025) -> Link:
    """Store a file and return its root.

    Args:
        pieces: The file in pieces of any length.
        put: Stores one block.
        profile: How the file is cut and linked.
    """
    tree = FileTree(put, profile)
    tree.extend(pieces)
    return tree.finish()


def _write_leaf(data: bytes, put: PutBlock, profile: Profile) -> Link:
    if profile.has_raw_leaves:
        put(data)
        return Link(cid_of(data, Codec.RAW, profile.cid_version), len(data), len(data))
    unixfs = _field(1, FILE_TYPE) + (_bytes_field(2, data) if data else b"") + _field(3, len(data))
    return _store_node(_bytes_field(1, unixfs), len(data), 0, put, profile)


def _write_parent(children: list[Link], put: PutBlock, profile: Profile) -> Link:
    links = b"".join(
        _bytes_field(2, _bytes_field(1, child.cid.encode()) + _bytes_field(2, b"") + _field(3, child.tree_bytes))
        for child in children
    )
    file_bytes = sum(child.file_bytes for child in children)
    sizes = b"".join(_field(4, child.file_bytes) for child in children)
    unixfs = _field(1, FILE_TYPE) + _field(3, file_bytes) + sizes
    below = sum(child.tree_bytes for child in children)
    return _store_node(links + _bytes_field(1, unixfs), file_bytes, below, put, profile)


def _store_node(block: bytes, file_bytes: int, below_bytes: int, put: PutBlock, profile: Profile) -> Link:
    put(block)
    return Link(cid_of(block, Codec.DAG_PB, profile.cid_version), file_bytes, len(block) + below_bytes)


def read_file(root: Cid, get: GetBlock) -> Iterator[bytes]:
    """The file's bytes in order, one block at a time.

    Args:
        root: The file's CID.
        get: Returns a block whose digest it has checked.

    Raises:
        ArtifactMalformed: a node is not a UnixFS file, the graph is too deep, or a child's length is not as declared.
        What ``get`` raises.
    """
    yield from _read(root, get, MAX_DEPTH)


def _read(cid: Cid, get: GetBlock, depth_left: int) -> Iterator[bytes]:
    block = get(cid)
    if cid.codec is Codec.RAW:
        yield block
        return
    if depth_left == 0:
        raise ArtifactMalformed(f"The file is nested deeper than {MAX_DEPTH} levels.", cid=str(cid))
    node = decode_node(block)
    if node.data:
        yield node.data
    for child, declared in zip(node.children, node.child_bytes, strict=True):
        seen = 0
        for piece in _read(child, get, depth_left - 1):
            seen += len(piece)
            if seen > declared:
                break
            yield piece
        if seen != declared:
            raise ArtifactMalformed("A part of the file has another length than declared.", cid=str(child))


def walk_blocks(root: Cid, get: GetBlock) -> Iterator[Cid]:
    """Every CID of a file's graph, each once, root first; raises as `read_file`."""
    seen: set[Cid] = set()
    pending = [(root, 0)]
    while pending:
        cid, depth = pending.pop()
        if cid in seen:
            continue
        if depth > MAX_DEPTH:
            raise ArtifactMalformed(f"The file is nested deeper than {MAX_DEPTH} levels.", cid=str(cid))
        seen.add(cid)
        block = get(cid)
        yield cid
        if cid.codec is Codec.DAG_PB:
            pending.extend((child, depth + 1) for child in decode_node(block).children)


def decode_node(block: bytes) -> FileNode:
    """Decode a dag-pb block that holds a UnixFS file node.

    Raises:
        ArtifactMalformed: it is not one.
    """
    try:
        fields = list(_fields(block))
        links = [dict(_fields(_as_bytes(value))) for number, value in fields if number == 2]
        children = tuple(decode_cid(_as_bytes(link[1])) for link in links)
        unixfs = list(_fields(_as_bytes(dict(fields)[1])))
    except (ValueError, KeyError, TypeError, CidInvalid) as error:
        raise ArtifactMalformed("A block is not a node of a file.") from error
    single = dict(unixfs)
    if single.get(1) not in (FILE_TYPE, RAW_TYPE):
        raise ArtifactMalformed(
            "The CID is that of a directory or link, not of a file.", mend="Give the file's own CID."
        )
    data = single.get(2, b"")
    sizes = tuple(value for number, value in unixfs if number == 4 and isinstance(value, int))
    file_bytes = single.get(3, len(data) if isinstance(data, bytes) else 0)
    if not isinstance(data, bytes) or not isinstance(file_bytes, int):
        raise ArtifactMalformed("A block is not a node of a file.")
    # A child of no bytes is never written, and many of them nested would keep a reader busy for nothing.
    if len(sizes) != len(children) or 0 in sizes or file_bytes != len(data) + sum(sizes):
        raise ArtifactMalformed("A node of the file declares sizes that contradict each other.")
    return FileNode(data, children, sizes, file_bytes)


def _as_bytes(value: bytes | int) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a number where bytes belong")
    return value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Fields of a protobuf message of varints and byte strings; ValueError for anything else."""
    offset = 0
    while offset < len(message):
        key, offset = _read_varint(message, offset)
        value, offset = _read_varint(message, offset)
        if key & 7 == 0:
            yield key >> 3, value
        elif key & 7 == 2 and offset + value <= len(message):
            yield key >> 3, message[offset : offset + value]
            offset += value
        else:
            raise ValueError("not a message of varints and byte strings")


def _read_varint(message: bytes, offset: int) -> tuple[int, int]:
    number = shift = 0
    while offset < len(message) and shift < 63:
        byte = message[offset]
        number |= (byte & 0x7F) << shift
        offset += 1
        if byte < 0x80:
            return number, offset
        shift += 7
    raise ValueError("a varint that does not end")
