"""A picture of a page as a browser shows it: ``shot PAGE.html OUT.png [WIDTH HEIGHT]``; under 300 kB, no network."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from facialis.reports.pdf import find_browser

MOST_BYTES = 300_000
FLAGS = ("--headless", "--disable-gpu", "--no-sandbox", "--disable-background-networking", "--hide-scrollbars",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-component-update", "--no-first-run")  # fmt: skip


def main(page: str, out: str, width: str = "900", height: str = "900") -> None:
    """Draw the page's first `height` px and save it with as many colours as fit."""
    with tempfile.TemporaryDirectory() as profile:
        raw = Path(profile) / "raw.png"
        subprocess.run(
            [str(find_browser()), *FLAGS, f"--user-data-dir={profile}", f"--screenshot={raw}",
             f"--window-size={width},{height}", Path(page).resolve().as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        picture = Image.open(raw).convert("RGB")
    for colours in (256, 96, 48):
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, optimize=True)
        if Path(out).stat().st_size <= MOST_BYTES:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
