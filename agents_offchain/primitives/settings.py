"""Where things are and how they behave: data read from defaults, environment and flags.

`Settings` builds nothing. Precedence: explicit argument, environment (`AITBC_*`), default.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one installation on one machine; every field can be set as `AITBC_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="AITBC_", extra="ignore", frozen=True)

    home: Path = Path(".aitbc")
    models: Path = Path("models")
    detector: Path | None = Field(
        default=None, description="description of an object detector; None is the shipped one"
    )
    profile: Path | None = Field(default=None, description="the agent's profile; None is the one of the product")
    language: Path | None = Field(default=None, description="file of language models; None is the local one")
    language_model: str = Field(default="", description="one more model by LiteLLM's name, such as openai/gpt-4o-mini")
    language_api_base: str = Field(default="", description="URL of an OpenAI-compatible server for that model")
    text_reader: Literal["rapidocr", "tesseract"] = Field(
        default="rapidocr", description="tesseract, where it is installed, reads clean pages; the rest is rapidocr's"
    )
    question_model: bool = Field(
        default=False, description="language models may propose programs for questions about pictures"
    )
    rpc_url: str = Field(default="", description="the chain's providers, separated by commas; the first is preferred")
    database_url: str = Field(default="", pattern=r"^$|^(sqlite\+aiosqlite|postgresql\+asyncpg)://")
    language_server: bool = Field(default=False, description="keep the local language model loaded, in its own process")
    language_server_url: str = Field(default="", description="where that process answers; `aitbc up` sets it")
    knowledge_url: str = Field(
        default="",
        pattern=r"^$|^(sqlite\+aiosqlite|postgresql\+asyncpg)://",
        description="where `aitbc knowledge` keeps documents",
    )
    redis_url: str = ""
    artifacts_url: str = ""
    host: str = "127.0.0.1"
    confirmations: int = Field(default=0, ge=0, le=1000, description="blocks on top before a daemon acts")
    poll_seconds: float = Field(default=0.5, gt=0, le=60)
    hung_seconds: float = Field(default=300.0, ge=30, description="without a sign of life a daemon is started again")
    retained_blocks: int = Field(default=256, ge=8, description="headers kept to notice a reorganisation")
    artifact_max_bytes: int = Field(default=64 << 20, ge=1 << 20)
    upload_max_bytes: int = Field(default=20 << 20, ge=1 << 10)
    coin_price: str = Field(
        default="0", pattern=r"^\d+(\.\d{1,6})?$", description="tokens that a coin of the chain costs; 0: gas is free"
    )
    claim_above: str = Field(
        default="0.01", pattern=r"^\d+(\.\d{1,6})?$", description="tokens below which the cashier claims nothing"
    )
    relay_gas_a_day: str = Field(
        default="0.1", pattern=r"^\d+(\.\d{1,18})?$", description="coins that carrying signed hires may cost a day"
    )
    juror_votes: Literal["operator", "re-execution"] = Field(
        default="operator", description="who votes on a juror's seats; re-execution does the disputed work again"
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"

    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.home.resolve() / 'aitbc.db'}"

    @property
    def deployment_file(self) -> Path:
        return self.home / "deployment.json"

    @property
    def run_dir(self) -> Path:
        """A short private folder for sockets and pid files; a unix socket's path holds 108 bytes."""
        tag = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(base) / f"aitbc-{tag}"

    @property
    def signer_socket(self) -> Path:
        return self.run_dir / "signer.sock"

    @property
    def valkey_socket(self) -> Path:
        return self.run_dir / "valkey.sock"
