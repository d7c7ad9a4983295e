"""Hires an agent: `ape run hire --account TEST::5 --listing 1 --request ipfs://<cid>` or `--image photo.jpg`.

With an image the page's API stores the picture and the request document first; with a request only its URI is named.
On a local chain the faucet fills a client that has too little.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import httpx
from ape import chain
from ape.api import AccountAPI

from scripts import Market, ensure_allowance, read_document, told, verb

MARGIN_SECONDS = 60


@verb
@click.option("--listing", "listing_id", default=1, show_default=True, help="Listing to take up.")
@click.option("--request", "request_uri", default=None, help="ipfs://<cid> of a stored request document.")
@click.option("--image", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None, help="Picture.")
@click.option("--note", default="", help="A word to the agent, with --image.")
def cli(
    m: Market, account: AccountAPI, listing_id: int, request_uri: str | None, image: Path | None, note: str
) -> None:
    """Hire the agent of a listing and lock its price."""
    if (request_uri is None) == (image is None):
        raise click.ClickException("Give either --request or --image.")
    if not 1 <= listing_id <= m.listings.listingCount():
        raise click.ClickException(f"There is no listing {listing_id}; there are {m.listings.listingCount()}.")
    listing = m.listings.listingOf(listing_id)
    if not listing.isAvailable:
        raise click.ClickException(f"Listing {listing_id} is not available.")
    description = request_uri or _store_request(image, listing_id, listing.serviceType, note)
    ensure_allowance(m, account, m.escrow, listing.price)
    receipt = m.escrow.hire(_terms(m, listing_id, listing, description), sender=account)
    job_id = receipt.events.filter(m.escrow.JobDescribed)[0].jobId
    told(receipt, f"job {job_id} hired for {m.show(listing.price)}")


def _terms(m: Market, listing_id: int, listing: Any, description: str) -> tuple[Any, ...]:
    """`IJobEscrow.HireTerms` in the order of its fields."""
    tail = m.escrow.tailOf(listing.policyId)
    return (
        m.registry.getAgentWallet(listing.agentId),
        listing.policyId,
        listing.price,
        chain.blocks.head.timestamp + MARGIN_SECONDS + listing.workSeconds + tail,
        listing.agentId,
        listing_id,
        description,
    )


def _store_request(image: Path | None, listing_id: int, service_type: bytes, note: str) -> str:
    """Stores picture and request through the page's API; the URI of the request document."""
    if image is None:
        raise click.ClickException("Give either --request or --image.")
    page = read_document("endpoints.json")["page"]
    with httpx.Client(base_url=f"{page}/api/v1", timeout=30) as api:
        stored = api.post("/uploads", files={"file": (image.name, image.read_bytes())})
        _require_created(stored)
        request = api.post(
            "/requests",
            json={
                "schema": "aitbc.request/1",
                "service": bytes(service_type).rstrip(b"\0").decode("ascii"),
                "listing_id": listing_id,
                "input": {field: stored.json()[field] for field in ("cid", "media_type", "bytes", "sha256")},
                "settings": {},
                "criteria": {
                    "kind": "re-execution",
                    "box_tolerance_px": 1,
                    "score_tolerance": 0.001,
                    "text": "equal",
                },
                "note": note,
            },
        )
        _require_created(request)
    return f"ipfs://{request.json()['cid']}"


def _require_created(response: httpx.Response) -> None:
    if response.status_code != httpx.codes.CREATED:
        problem = response.json()
        raise click.ClickException(f"{problem.get('title')}: {problem.get('detail')} {problem.get('mend', '')}".strip())
