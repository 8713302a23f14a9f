"""Model files by name: a path to them on this disk.

A file is looked for in this order: the path given, or the asset's environment variable; the user cache; the
maker's address; the same bytes inside a wheel on the package registry. Its SHA-256 is checked always.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from facialis.errors import AssetError
from facialis.faces.asset_table import ASSETS, Asset
from facialis.faces.fetching import fetch
from facialis.faces.sources import display_name

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssetState:
    """An asset as it is on this disk: `path` is None when it is not there; `verified`: SHA-256 and size fit."""

    asset: Asset
    path: Path | None
    verified: bool


def asset_path(name: str, path: Path | str | None = None) -> Path:
    """Return the path of the asset `name` on this disk, fetching it into the user cache if need be.

    Parameters
    ----------
    name
        A key of `ASSETS`.
    path
        A file of the user's own; it is taken instead of any other, or refused. The asset's environment variable
        does the same.

    Raises
    ------
    AssetError
        `name` is unknown; the given file is missing or not the expected one; the cache cannot be written; the
        file could be had nowhere (the line says which file to put where).
    """
    asset = _asset(name)
    given = _given(asset, path)
    if given is not None:
        _check_given(asset, *given)
        return given[0]
    cached = cache_folder() / asset.filename
    if matches(cached, asset):
        return cached
    if cached.exists():
        _log.warning("%s is damaged (SHA-256 differs) and is fetched anew", display_name(cached))
    fetch(asset, cached)
    return cached


def verify(name: str) -> tuple[Path | None, bool]:
    """Return where the asset lies on this disk (None: nowhere) and whether SHA-256 and size fit; never fetch."""
    asset = _asset(name)
    given = _given(asset, None)
    path = given[0] if given is not None else cache_folder() / asset.filename
    return (path if path.is_file() else None), matches(path, asset)


def fault(name: str) -> str:
    """Return what is wrong with the asset on this disk and what to do, or nothing where it is whole; never fetch."""
    asset = _asset(name)
    if (given := _given(asset, None)) is not None:
        try:
            _check_given(asset, *given)
        except AssetError as error:
            return str(error)
        return ""
    path, whole = verify(name)
    if path is None:
        return "not on this disk; `facialis assets fetch` gets it"
    return "" if whole else f"damaged; `facialis assets fetch` gets it anew ({path})"


def list_assets() -> list[AssetState]:
    """Return every asset with its place on this disk, in the order of `ASSETS`; never fetch."""
    return [AssetState(asset, *verify(name)) for name, asset in ASSETS.items()]


def cache_folder() -> Path:
    """Return the folder of fetched files: `FACIALIS_CACHE`, or the user's cache folder of this system."""
    if folder := os.environ.get("FACIALIS_CACHE"):
        return Path(folder).expanduser().absolute()
    import platformdirs

    return platformdirs.user_cache_path("facialis", appauthor=False)


def matches(path: Path | str, asset: Asset) -> bool:
    """Return whether the file at `path` has the size and the SHA-256 of `asset`; False where it is not readable."""
    try:
        if os.path.getsize(path) != asset.size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == asset.sha256
    except (OSError, ValueError):  # ValueError: a null character in the path
        return False


def _asset(name: str) -> Asset:
    if name in ASSETS:
        return ASSETS[name]
    near = difflib.get_close_matches(name, ASSETS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(ASSETS)}"
    raise AssetError(f"no asset is named {display_name(name)}; {hint}")


def _given(asset: Asset, path: Path | str | None) -> tuple[Path, str] | None:
    """Return the user's own file and how it was given, or None."""
    if path is not None:
        return Path(path), "the path given"
    if value := os.environ.get(asset.environment):
        return Path(value).expanduser(), asset.environment
    return None


def _check_given(asset: Asset, path: Path, how: str) -> None:
    if matches(path, asset):
        return
    shown = display_name(path)
    try:
        size = os.path.getsize(path)
        if size != asset.size and not os.path.isdir(path):
            raise AssetError(
                f"{shown} ({how}) is not {asset.filename}: {size} bytes, expected {asset.size}; "
                "give the right file, or leave it out and the file is fetched"
            )
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise AssetError(
            f"{shown} ({how}) cannot be read: {reason}; correct it, or leave it out and the file is fetched"
        ) from error
    raise AssetError(
        f"{shown} ({how}) is not {asset.filename}: SHA-256 {found}, expected {asset.sha256}; "
        "give the right file, or leave it out and the file is fetched"
    )
