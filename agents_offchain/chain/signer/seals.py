"""What proves that somebody who may gave an answer: an HMAC by a secret that lies beside the keys.

In: a question and an answer. Out: 32 bytes. The secret is made by the signer and read by the command; it is in no
database, so that whoever writes the table of answers cannot give one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from agents_offchain.chain.errors import KeyMissing
from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.primitives.hexes import encode_hex

if TYPE_CHECKING:
    from agents_offchain.storage.approvals import Question  # the signer loads the database only when it asks

SECRET_FILE = "approval.secret"  # noqa: S105 (a file's name)
SECRET_BYTES = 32


def read_secret(folder: Path) -> bytes:
    """The secret that seals answers.

    Raises:
        KeyMissing: there is none, or it is too short.
    """
    try:
        secret = bytes.fromhex((folder / SECRET_FILE).read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyMissing(
            f"The secret that seals approvals cannot be read at {folder / SECRET_FILE}.",
            mend="The signer makes one when it starts; `aitbc up` starts it.",
        ) from error
    if len(secret) < SECRET_BYTES:
        raise KeyMissing("The secret that seals approvals is too short.", mend="Remove it and restart the signer.")
    return secret


def ensure_secret(folder: Path) -> bytes:
    """The secret, made when there is none."""
    file = folder / SECRET_FILE
    if not file.exists():
        draft = folder / f".{SECRET_FILE}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(SECRET_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    return read_secret(folder)


def seal_of(secret: bytes, approval_id: int, question: Question, status: str, expires_at: float | None) -> bytes:
    """What proves that somebody with the secret gave this answer to this question."""
    content = {
        "id": approval_id,
        "scope": question.scope,
        "subject": question.subject,
        "effect": encode_hex(question.effect),
        "title": question.title,
        "status": status,
        "expires_at": None if expires_at is None else int(expires_at),
    }
    return hmac.new(secret, canonical_json(content), hashlib.sha256).digest()
