"""The page's files: what the service serves below /, and what a static site is made of."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.detection.millimetres import millimetre_names
from facialis.faces.mesh import CONTOURS, canonical_face, mirror_permutation, triangles
from facialis.faces.quality import Limits
from facialis.modalities.asymmetry import is_signed
from facialis.modalities.measures import MEASURES
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import SIGNED_MEASURES
from facialis.reports.card_in_short import card_lines
from facialis.reports.photo_set import CHART
from facialis.service.engine_files import engine_files
from facialis.service.policy import page_policy
from facialis.words import languages, words

SECTIONS = ("format", "notice", "side", "region", "view", "page", "report", "known", "explain")
"""Of the words, what the page says."""
_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".svg": "image/svg+xml",
    ".wasm": "application/wasm", ".onnx": "application/octet-stream", ".task": "application/octet-stream",
}  # fmt: skip
_PACKED = ("text/", "image/svg", "application/json", "application/wasm", "application/octet-stream")


@dataclass(frozen=True)
class Asset:
    """A file of the page: its content, or where on disk it lies, and its media type."""

    content: bytes | Path
    media_type: str

    @cached_property
    def etag(self) -> str:
        """A name for this very content."""
        data = self.content
        if isinstance(data, Path):
            status = data.stat()
            return f'"{status.st_size:x}-{status.st_mtime_ns:x}"'
        return f'"{hashlib.sha256(data).hexdigest()[:32]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The content packed by gzip, where that makes it smaller."""
        if not self.media_type.startswith(_PACKED):
            return None
        content = self.content.read_bytes() if isinstance(self.content, Path) else self.content
        return gzip.compress(content, 6, mtime=0)


def site_files(bundle: Bundle) -> dict[str, Asset]:
    """Return all files of the page by their address, with what judges in the browser where that is on this disk."""
    home = files("facialis.service")
    found = {"index.html": _asset("index.html", _with_policy(home.joinpath("page", "index.html")))}
    for entry in sorted(home.joinpath("page").iterdir(), key=lambda entry: entry.name):
        if entry.is_file() and entry.name != "index.html" and _suffix(entry) in _TYPES:
            found[f"page/{entry.name}"] = _asset(entry.name, entry.read_bytes())
    for name, content in (engine_files(bundle) or {}).items():
        found[f"engine/{name}"] = _asset(name, content)
    for language in languages():
        found[f"page/words/{language}.json"] = _json(page_words(language))
    found["page/facts.json"] = _json(facts(bundle))
    return found


def _with_policy(page: Traversable) -> bytes:
    """Return the page with its policy in itself: a static host sends no headers of ours."""
    head = '<meta charset="utf-8">\n'
    before, found, after = page.read_text(encoding="utf-8").partition(head)
    assert found
    policy = page_policy(header=False)
    return f'{before}{head}<meta http-equiv="Content-Security-Policy" content="{policy}">\n{after}'.encode()


def page_words(language: str) -> dict[str, str]:
    """Return what the page says in a language, by key."""
    return {key: text for key, text in words(language).texts.items() if key.partition(".")[0] in SECTIONS}


def facts(bundle: Bundle) -> dict[str, Any]:
    """Return the tables that the page draws by."""
    card = bundle.card
    definition = card.input["definition"]
    signed = is_signed(definition)
    regions = {
        region: sorted({i for e in SIGNED_MEASURES if e.region == region for group in e.landmarks for i in group})
        for region in REGIONS
    }
    limits = {name: value for name, value in vars(Limits()).items() if abs(value) < 1e9}
    return {
        "version": __version__,
        "languages": languages(),
        "model": {
            "name": card.name,
            "hash": bundle.hash,
            "threshold": card.threshold,
            "uncertain": list(card.uncertain),
            "simulated": bool(card.trained_on["simulated"]),
            "novelty_limit": card.novelty_limit,
        },
        "contours": {name: [list(edge) for edge in edges] for name, edges in CONTOURS.items()},
        "mirror": mirror_permutation().tolist(),
        "regions": list(REGIONS),
        "region_landmarks": regions,
        "measures": [
            {
                "name": e.name,
                "unit": e.unit,
                "region": e.region,
                "symmetric": e.symmetric[definition],
                "signed": bool(signed[e.number]),
            }
            for e in MEASURES
        ],
        "differences": [{"name": e.name, "unit": e.unit} for e in SIGNED_MEASURES],
        "millimetres": [{"name": name, "unit": "mm"} for name in millimetre_names()],
        "views": list(CHART),
        "card": {language: _card(bundle, language) for language in languages()},
        "limits": limits,
        "triangles": triangles().tolist(),
        "canonical": canonical_face().round(4).tolist(),
    }


def _card(bundle: Bundle, language: str) -> list[str]:
    """Return what must be known of the model beside any finding."""
    say = words(language)
    told = dict(card_lines(bundle, say))
    wanted = (say("report.trained_on"), say("report.figures"), say("report.limits"))
    return [f"{name}: {told[name]}" for name in wanted if name in told]


def _asset(address: str, content: bytes | Path) -> Asset:
    suffix = Path(address).suffix
    return Asset(content, _TYPES.get(suffix) or mimetypes.guess_type(address)[0] or "application/octet-stream")


def _json(value: object) -> Asset:
    return Asset(
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(), _TYPES[".json"]
    )


def _suffix(entry: Traversable) -> str:
    return Path(entry.name).suffix
