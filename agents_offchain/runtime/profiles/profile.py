"""The profile of an agent, read from TOML and checked field by field."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.runtime.workers.limits import WorkerLimits

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
FIRST_AGENT = "agent"
"""Key and daemon of the agent that comes with the product; homes of earlier releases know no other."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Identity(_Strict):
    """Who the agent is; `key` names its key in the signer."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    description: Annotated[str, StringConstraints(max_length=2000)] = ""
    key: KeyName = FIRST_AGENT


class Service(_Strict):
    """One listing: price in whole tokens, as text so that no float touches it."""

    type: ServiceName
    price: Annotated[Decimal, Field(gt=0, max_digits=30)]
    work_seconds: Annotated[int, Field(ge=60, le=30 * 86_400)] = 900

    @field_validator("price")
    @classmethod
    def _without_exponent(cls, price: Decimal) -> Decimal:
        """Prices are written out (`10`, not `1E+1`), as wallets and pages read them."""
        return Decimal(format(price, "f"))


class Limits(_Strict):
    """What one run of a skill may use, and how many run at once."""

    concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    wall_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120
    cpu_seconds: Annotated[int, Field(gt=0, le=86_400)] = 240
    memory_mib: Annotated[int, Field(ge=256, le=1 << 20)] = 8192
    output_mib: Annotated[int, Field(ge=1, le=1024)] = 64
    input_mib: Annotated[int, Field(ge=1, le=1024)] = 20

    def worker(self) -> WorkerLimits:
        return WorkerLimits(
            wall_seconds=self.wall_seconds,
            cpu_seconds=self.cpu_seconds,
            memory_bytes=self.memory_mib << 20,
            output_bytes=self.output_mib << 20,
        )


class Acceptance(_Strict):
    """Which jobs the agent takes."""

    min_seconds_to_deliver: Annotated[int, Field(ge=1)] = 60
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3


class Scaling(_Strict):
    """Helpers in processes of their own: as many as the backlog wants, between floor and ceiling."""

    floor: Annotated[int, Field(ge=0, le=64)] = 0
    ceiling: Annotated[int, Field(ge=0, le=64)] = 0
    jobs_per_helper: Annotated[int, Field(ge=1, le=1000)] = 2
    cooldown_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60

    @model_validator(mode="after")
    def _in_order(self) -> Scaling:
        if self.floor > self.ceiling:
            raise ValueError("the floor is above the ceiling")
        return self


class Money(_Strict):
    """What it looks after: gas in whole coins, credit in whole tokens; both as text so that no float touches them."""

    gas_alert: Annotated[Decimal, Field(ge=0, max_digits=30)] = Decimal("0.01")
    withdraws: bool = True
    withdraw_above: Annotated[Decimal, Field(ge=0, max_digits=30)] = Decimal(1)


class Profile(_Strict):
    """An agent, whole."""

    agent: Identity
    services: Annotated[tuple[Service, ...], Field(min_length=1)]
    limits: Limits = Limits()
    acceptance: Acceptance = Acceptance()
    money: Money = Money()
    scaling: Scaling = Scaling()

    @field_validator("services")
    @classmethod
    def _each_once(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        types = [service.type for service in services]
        if len(set(types)) != len(types):
            raise ValueError("a service is offered twice")
        return services

    @property
    def daemon_name(self) -> str:
        """Under which the agent's process keeps its cursor, queue, scratch folder and log.

        It follows from the key, since a job is addressed to a wallet: two agents in one home share nothing.
        """
        return FIRST_AGENT if self.agent.key == FIRST_AGENT else f"{FIRST_AGENT}.{self.agent.key}"

    @property
    def title(self) -> str:
        """The agent in a sentence."""
        return f"The agent {self.agent.name} (key {self.agent.key})"

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.type == name), None)


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        SettingsInvalid: absent, not TOML, or a field is wrong; the message names the field.
    """
    try:
        return Profile.model_validate(tomllib.loads(path.read_text()))
    except FileNotFoundError as error:
        raise SettingsInvalid(f"There is no profile at {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The profile at {path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"{path.name} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{path.name}: {where}: {first['msg']}.", mend="Mend that field.") from error
