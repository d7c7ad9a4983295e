"""A delivered result on this machine: fetched by the digest on chain, checked, saved; names in it are a stranger's."""

from __future__ import annotations

import json
import mimetypes
import re
from pathlib import Path
from typing import Any

from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import ABI
from agents_offchain.primitives.canonical import MAX_DOCUMENT_BYTES, sha256
from agents_offchain.primitives.errors import Contested
from agents_offchain.storage.artifacts.client import ArtifactStore, digest_to_cid

MAX_ARTIFACT_BYTES = 64 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class ResultWrong(Contested):
    """What the store gives is not what was delivered on chain, or not a result of this job."""


async def read_deliverable(node: Node, escrow: bytes, job_id: int, first_block: int) -> bytes:
    """The digest that was handed over last, 32 bytes.

    Raises:
        ResultWrong: the chain has no such event, though the job is submitted.
    """
    newest = b""
    for entry in await node.logs([escrow], first_block, await node.block_number()):
        found = ABI.decode_log(entry.topics, entry.data)
        if found is not None and found[0] == "JobSubmitted" and int(found[1]["jobId"]) == job_id:
            newest = bytes(found[1]["deliverable"])
    if not newest:
        raise ResultWrong(f"The chain does not say what was delivered for job {job_id}.")
    return newest


async def save_result(
    store: ArtifactStore, deliverable: bytes, request_cid: str, job_id: int, folder: Path
) -> tuple[dict[str, Any], list[Path]]:
    """Fetch and save the result document and its files; the document and every path.

    Raises:
        ResultWrong: the bytes have another digest, or belong to another job.
        ArtifactNotFound: no store has them.
    """
    data = await store.get(digest_to_cid(deliverable), MAX_DOCUMENT_BYTES)
    if sha256(data) != deliverable:
        raise ResultWrong("The result's bytes do not have the digest that is on chain.")
    document = _parse(data)
    job = document.get("job")
    if document.get("request_cid") != request_cid or not isinstance(job, dict) or job.get("job_id") != str(job_id):
        raise ResultWrong("The result belongs to another job.", mend="Dispute it before the review window ends.")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "result.json"]
    paths[0].write_bytes(data)
    artifacts = document.get("artifacts")
    for name, entry in sorted(artifacts.items() if isinstance(artifacts, dict) else ()):
        if not isinstance(entry, dict):
            raise ResultWrong("The result names a file that is none.")
        path = folder / _file_name(str(name), str(entry.get("media_type", "")))
        path.write_bytes(await store.get(str(entry.get("cid", "")), MAX_ARTIFACT_BYTES))
        paths.append(path)
    return document, paths


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ResultWrong("The result is not a document.") from error
    if not isinstance(document, dict):
        raise ResultWrong("The result is not a document.")
    return document


def _file_name(name: str, media_type: str) -> str:
    """A name that stays in its folder, whatever the document says."""
    suffix = mimetypes.guess_extension(media_type) or ".bin"
    return f"{_UNSAFE.sub('-', name)[:60].strip('-') or 'file'}{suffix}"
