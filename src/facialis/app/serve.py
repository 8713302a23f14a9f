"""``facialis serve``: the page and the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; other than this computer needs a token.")] = (
        None
    ),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="[default: 8471]", show_default=False)] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Host name that requests may call it by; may be given several times.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that judge; about 250 MB each.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Open a page that judges photos, videos and the camera, and a documented service for other programs (at /docs).

    It listens on this computer alone, unless --host says otherwise: then FACIALIS_SERVE_TOKEN is demanded of every
    request, and a proxy with TLS belongs before it. Nothing is written, kept or sent on. Limits are set by environment
    variables FACIALIS_SERVE_...; Ctrl-C finishes what runs and stops. Research use; not a medical device.
    """
    import os
    import threading
    import webbrowser

    from facialis.errors import RecipeError

    try:
        from facialis.service.server import serve as run
    except ModuleNotFoundError as error:
        raise RecipeError(f"serving needs the extra: pip install 'facialis[serve]' ({error.name})") from error
    from facialis.detection.bundle import Bundle
    from facialis.faces.assets import asset_path
    from facialis.service.settings import Settings

    settings = Settings.read(
        os.environ, host=host, port=port, names=tuple(name) if name else None, workers=workers,
        bundle=None if bundle is None else str(bundle),
    )  # fmt: skip
    Bundle.load(settings.bundle or None)  # what is wrong is said now, in one line
    asset_path("face_landmarker")
    if not settings.loopback:
        typer.echo(
            "facialis: other computers can reach this; put a proxy with TLS before it (see docs/service.md), or "
            "pictures and the token cross the network unencrypted",
            err=True,
        )
    if open_page:
        threading.Timer(3.0, webbrowser.open, [settings.address]).start()
    run(settings)
