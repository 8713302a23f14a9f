"""``facialis page``: the page as a folder for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def page(
    out: Annotated[Path, typer.Argument(help="Folder to write; a page written before is written anew.")],
    bundle: Annotated[Path | None, typer.Option(help="Folder of a bundle; by default the package's own.")] = None,
) -> None:
    """Write the page for any static host: photos are judged in the visitor's browser, and nothing is sent anywhere.

    Two packages of the browser's runtimes (32 MB) are fetched once, and 24 MB of them kept.

    Research use; not a medical device.
    """
    from facialis.detection.bundle import Bundle
    from facialis.service.static_site import write_site

    sizes = write_site(out, Bundle.load(bundle))
    typer.echo(f"{out}: {len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB; try it: python -m http.server -d {out}")
