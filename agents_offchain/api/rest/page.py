"""The built page: assets as they are, everything else is index.html with the deployment written into it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
_SLOT = re.compile(r'<script type="application/json" id="deployment">.*?</script>', re.DOTALL)


class PageFiles:
    """Files of `frontend/dist`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = StaticFiles(directory=root, check_dir=False)

    async def answer(self, path: str, scope: Scope, facts: dict[str, Any] | None) -> Response:
        """A file of the page, or the page itself for any path that could be one of its screens.

        Args:
            facts: Written into the page; None leaves it to the page to ask.
        """
        if path not in ("", "index.html"):
            try:
                response = await self._files.get_response(path, scope)
            except HTTPException as error:
                if error.status_code != 404 or "." in path.rsplit("/", 1)[-1]:
                    raise
            else:
                is_hashed = path.startswith("assets/")
                response.headers["cache-control"] = IMMUTABLE if is_hashed else REVALIDATE
                return response
        try:
            html = (self._root / "index.html").read_text(encoding="utf-8")
        except OSError as error:
            raise HTTPException(404, "The page is not built") from error
        return HTMLResponse(inject_facts(html, facts), headers={"cache-control": REVALIDATE})


def inject_facts(html: str, facts: dict[str, Any] | None) -> str:
    """Write JSON into the page's slot; nothing in it can end the script element."""
    if facts is None:
        return html
    text = orjson.dumps(facts).decode()
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    script = f'<script type="application/json" id="deployment">{text}</script>'
    if _SLOT.search(html):
        return _SLOT.sub(lambda _match: script, html, count=1)
    return html.replace("</head>", f"{script}</head>", 1)
