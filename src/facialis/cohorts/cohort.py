"""A cohort: one table of frames, and beside it one array file for each modality, in the order of its rows.

Folder layout (schema 1)::

    cohort.json        schema, provenance, and each file's shape and SHA-256; written last: it marks a whole cohort
    frames.parquet     a row a frame (columns below)
    unusable.parquet   the frames that were read but not used, with the reason
    landmarks.npy ...  one array for each modality, memory-mapped when read

Columns of ``frames.parquet``: ``frame_id`` (unique), ``subject_id``, ``group`` (the subject's: patient or healthy),
``label`` (the frame's: 1 palsy, 0 none; a patient's frame can be without), ``source``, ``sequence``, ``time`` (s),
``portrait``, ``path`` (relative to the source's root), ``height``, ``width``, ``quality`` (why a frame is not fit to be
judged, empty when it is), ``face_...`` (its fitness), and whatever else its source knows. Of extracted pictures also
``video_frame`` (-1 for a picture), ``content_hash`` and ``picture_hash`` (see `facialis.cohorts.duplicates`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from facialis.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1


class Cohort:
    """An extracted or simulated cohort on disk, opened with `Cohort.open`."""

    def __init__(self, path: Path, card: dict[str, Any], n: int) -> None:
        self.path = path
        self._n = n
        self.provenance: dict[str, Any] = card["provenance"]
        self._frames_sha256: str = card["frames"]
        self._files: dict[str, dict[str, Any]] = card["modalities"]
        self.hash: str = card["hash"]

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open the cohort in a folder.

        Raises
        ------
        CohortError
            The folder holds no cohort, an unfinished one, one of another schema, or files that do not fit together.
        """
        import pyarrow.parquet as pq

        path = Path(path)
        card = read_card(path)
        try:
            n = pq.read_metadata(path / "frames.parquet").num_rows
        except (OSError, ValueError) as error:
            raise CohortError(f"{path}: frames.parquet cannot be read ({error}); extract it again") from error
        cohort = cls(path, card, n)
        for name in cohort.modalities:
            if len(cohort.array(name)) != n:
                raise CohortError(f"{path}: {name}.npy has {len(cohort.array(name))} rows, frames.parquet {n}")
        return cohort

    def __len__(self) -> int:
        return self._n

    @cached_property
    def frames(self) -> pd.DataFrame:
        """The table of frames, read when first asked for."""
        return self.read_frames()

    def read_frames(self, columns: list[str] | None = None) -> pd.DataFrame:
        """Read the table of frames, or some of its columns (those it has).

        Raises
        ------
        CohortError
            The file is missing or damaged.
        """
        import pandas as pd
        import pyarrow.parquet as pq

        path = self.path / "frames.parquet"
        try:
            held = pq.read_schema(path).names
            return pd.read_parquet(path, columns=columns and [name for name in columns if name in held])
        except (OSError, ValueError) as error:
            raise CohortError(f"{self.path}: frames.parquet cannot be read ({error}); extract it again") from error

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the arrays that this cohort holds."""
        return tuple(self._files)

    @property
    def simulated(self) -> bool:
        """Whether the faces were simulated; every figure from such a cohort is called so."""
        return bool(self.provenance.get("simulated", False))

    def array(self, name: str) -> NDArray[Any]:
        """Return a modality's array (n, ...), memory-mapped and read-only.

        Raises
        ------
        CohortError
            The cohort does not hold this modality, or its file is missing or damaged.
        """
        if name not in self._files:
            again = "simulate it again with --pictures" if self.simulated else "extract it again with pictures"
            raise CohortError(f"{self.path}: holds no {name!r}, only {', '.join(self.modalities)}; {again}")
        try:
            return np.load(self.path / f"{name}.npy", mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise CohortError(f"{self.path}: {name}.npy cannot be read ({error}); extract it again") from error

    def verify(self, modalities: Iterable[str] | None = None) -> None:
        """Compare the table and the arrays (all, or those named) with the SHA-256 they were written with.

        Raises
        ------
        CohortError
            A file is missing or was changed; it is named.
        """
        files = {"frames.parquet": self._frames_sha256}
        for name in self.modalities if modalities is None else modalities:
            self.array(name)
            files[f"{name}.npy"] = self._files[name]["sha256"]
        for name, digest in files.items():
            if file_hash(self.path / name) != digest:
                raise CohortError(f"{self.path}: {name} was changed since it was written; extract it again")


def read_card(path: Path) -> dict[str, Any]:
    """Read and check ``cohort.json``."""
    try:
        card = json.loads((path / "cohort.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        why = (
            "its extraction is not finished: run the same command again, it goes on where it stopped"
            if (path / ".parts").is_dir()
            else "no cohort there: `facialis extract` or `facialis simulate` makes one"
        )
        raise CohortError(f"{path}: {why}") from error
    except (OSError, ValueError) as error:
        raise CohortError(f"{path}: cohort.json cannot be read ({error})") from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        found = card.get("schema") if isinstance(card, dict) else None
        raise CohortError(f"{path}: made with schema {found}, this program reads {SCHEMA}; extract it again")
    if {"provenance", "frames", "modalities", "hash"} - set(card) or not isinstance(card["modalities"], dict):
        raise CohortError(f"{path}: cohort.json is not whole; extract it again")
    return card


def file_hash(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
