"""The page as a folder for any static host: it judges in the browser, and nothing is sent anywhere."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from facialis.detection.bundle import Bundle
from facialis.errors import FacialisError
from facialis.faces.assets import asset_path
from facialis.files import check_own
from facialis.service.engine_facts import fits
from facialis.service.runtimes import fetch_runtimes
from facialis.service.site import site_files

SIGNS = ("index.html", "page/facts.json", "engine/facts.json")
"""What a folder must have to be taken for a site of ours, and written over."""


def write_site(folder: Path | str, bundle: Bundle) -> dict[str, int]:
    """Write the page with what judges in the browser; what that needs of others is fetched if need be.

    The folder is made under another name and renamed, so that it is whole or not there.

    Returns
    -------
    Bytes of each file, by its address.

    Raises
    ------
    FacialisError
        `folder` is something else than a site of ours and not empty, or cannot be written; a file could not be fetched;
        the bundle reads more than landmarks.
    """
    folder = Path(folder)
    _check(folder)
    if not fits(bundle):
        raise FacialisError(
            f"the bundle {bundle.card.name} cannot be judged with in a browser: it reads more than landmarks"
        )
    fetch_runtimes()
    asset_path("face_landmarker")
    files = {address: asset.content for address, asset in site_files(bundle).items()}
    files["page/facts.json"] = _without_server(files["page/facts.json"])
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name[:40]}.", dir=folder.parent) as name:
            made, old = Path(name) / "made", Path(name) / "old"
            for address, content in files.items():
                (made / address).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, Path):
                    shutil.copyfile(content, made / address)
                else:
                    (made / address).write_bytes(content)
            if folder.exists():
                os.replace(folder, old)
            try:
                os.replace(made, folder)
            except OSError:
                if old.exists():
                    os.replace(old, folder)
                raise
    except OSError as error:
        raise FacialisError(f"cannot write {folder}: {error.strerror or error}") from error
    return {address: (folder / address).stat().st_size for address in files}


def _check(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FacialisError(f"{folder}: is no folder; give a new one")
    check_own(folder, own=all((folder / sign).is_file() for sign in SIGNS), whose="page")


def _without_server(facts: bytes | Path) -> bytes:
    """Return the page's facts with the word that there is no server to ask."""
    assert isinstance(facts, bytes)
    return json.dumps(json.loads(facts) | {"server": False}, ensure_ascii=False, separators=(",", ":")).encode()
