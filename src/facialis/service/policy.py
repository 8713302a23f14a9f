"""What the page may load and do: its Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from facialis.reports.templating import page_environment

ANSWER_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""For an answer that a browser is shown as a page: it may do nothing."""
_SHOWN = ("photo.html", "photo_set.html")
"""Templates of the reports that the page shows in a frame of its own, which is under the page's policy too."""


@cache
def page_policy(*, header: bool = True) -> str:
    """Return the page's policy: nothing from elsewhere, no inline script; WebAssembly is its only concession.

    Parameters
    ----------
    header : whether it is sent as a header; the static page carries it in itself, where some parts have no meaning.
    """
    parts = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": " ".join(["'self'", *(f"'sha256-{digest}'" for digest in _style_digests())]),
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if header:
        parts["frame-ancestors"] = "'none'"
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _style_digests() -> list[str]:
    """Return the SHA-256 of the reports' own style sheets as rendered, so that these and no others are let in."""
    digests, environment = [], page_environment()
    for name in _SHOWN:
        text = files("facialis.reports").joinpath("templates", name).read_text(encoding="utf-8")
        sheet = text.partition("<style>")[2].partition("</style>")[0]
        style = environment.from_string(f"{sheet}</style>").render().removesuffix("</style>")  # with its last newline
        digests.append(base64.b64encode(hashlib.sha256(style.encode()).digest()).decode())
    return digests
