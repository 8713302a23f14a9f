"""The same picture twice, one person in two sources, one person in both groups: reported, never dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

NEAR = 6
"""Of the 128 bits of two pictures' hashes as many may differ for them to count as the same picture."""
_SHOWN = 3


def picture_hashes(rgb: NDArray[np.uint8]) -> dict[str, str]:
    """Return the hashes of a picture (h, w, 3), uint8 RGB, as the columns ``content_hash`` and ``picture_hash``.

    ``content_hash`` is the SHA-256 of size and pixels (its first 32 hexadecimal digits): equal for equal pixels.
    ``picture_hash`` is a difference hash, 128 bits as hexadecimal digits: whether brightness rises to the next of 8 x 8
    fields, to image right and down. Another size or compression of one picture changes few of them.
    """
    import cv2

    height, width = rgb.shape[:2]
    content = hashlib.sha256(f"{height} {width} ".encode())
    content.update(np.ascontiguousarray(rgb).data)
    small = rgb
    while min(small.shape[:2]) >= 72:  # halving is fast and exact, and keeps the cost of large pictures small
        small = small[: small.shape[0] // 2 * 2, : small.shape[1] // 2 * 2]
        small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    fields = cv2.resize(grey.astype(np.float32), (9, 9), interpolation=cv2.INTER_AREA)
    rises = np.concatenate([(np.diff(fields, axis=1)[:8] > 0).ravel(), (np.diff(fields, axis=0)[:, :8] > 0).ravel()])
    return {"content_hash": content.hexdigest()[:32], "picture_hash": np.packbits(rises).tobytes().hex()}


def find_duplicates(frames: pd.DataFrame) -> list[str]:
    """Return a line for each finding in a cohort's table of frames; none when it is clean.

    Found are: a subject in both groups; a subject in several sources; the same pixels twice (but for frames of one
    video or sequence, where a still face repeats); and nearly the same picture (`NEAR`) under two subjects. One
    subject's own similar pictures are no finding: they never stand on two sides of a fold. Nor are pictures of two
    simulated subjects made from one ``portrait``, as simulated twins are. Tables without hashes (landmarks simulated
    directly) are searched for subjects alone.

    Parameters
    ----------
    frames : a cohort's table; with ``content_hash`` and ``picture_hash`` where pictures were read.
    """
    return [*_subjects(frames), *_same_pixels(frames, within=False), *_near_pictures(frames),
            *_same_pixels(frames, within=True)]  # fmt: skip


def _subjects(frames: pd.DataFrame) -> Iterator[str]:
    for subject, groups in frames.groupby("subject_id")["group"].unique().items():
        if len(groups) > 1:
            yield f"the subject {subject!r} stands in both groups"
    for subject, sources in frames.groupby("subject_id")["source"].unique().items():
        if len(sources) > 1:
            yield f"the subject {subject!r} stands in {len(sources)} sources: {', '.join(sorted(map(str, sources)))}"


def _same_pixels(frames: pd.DataFrame, *, within: bool) -> Iterator[str]:
    """Yield a line for each picture that stands in the table twice: within one subject, or under several."""
    if "content_hash" not in frames:
        return
    table = frames[frames["content_hash"].notna() & frames["content_hash"].duplicated(keep=False)]
    for _, same in table.groupby("content_hash", sort=False):
        of_one = same.groupby(["source", "subject_id", "sequence"])
        if (same["subject_id"].nunique() == 1) != within:
            continue
        stills = same["sequence"] == ""
        if len(of_one) == 1 and not stills.any():
            continue
        portraits = same["portrait"].unique()
        if len(portraits) == 1 and portraits[0]:
            continue
        first = same if stills.any() else of_one.head(1)
        yield _line("the same picture", first)


def _line(what: str, rows: pd.DataFrame) -> str:
    subjects = [repr(name) for name in rows["subject_id"].unique()]
    who = f"of {subjects[0]}" if len(subjects) == 1 else f"under {' and '.join(subjects[:_SHOWN])}"
    who += f" and {len(subjects) - _SHOWN} more subjects" if len(subjects) > _SHOWN else ""
    names = rows["frame_id"].tolist()
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what} {who}: {', '.join(names[:_SHOWN])}{more}"


def _near_pictures(frames: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each pair of subjects that share a picture, but for equal pixels, which were named already."""
    subject = frames["subject_id"].astype("category").cat.codes.to_numpy()
    pairs: dict[frozenset[int], set[int]] = {}
    for row, other in near_pictures(frames):
        pairs.setdefault(frozenset((int(subject[row]), int(subject[other]))), set()).update((row, other))
    for found in pairs.values():
        yield _line("nearly the same picture", frames.iloc[sorted(found)])


def near_pictures(frames: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the rows of each two frames of two subjects that show nearly, not exactly, the same picture.

    `NEAR` says what counts as such; pictures made from one ``portrait`` do not. Of a subject's frames with one hash the
    first stands for all. Nothing is found in a table without hashes.
    """
    if "picture_hash" not in frames:
        return []
    of_frame = np.flatnonzero(frames["picture_hash"].notna())
    table = frames.iloc[of_frame].reset_index(drop=True)
    table = table.drop_duplicates(["subject_id", "picture_hash", "portrait"])
    of_frame = of_frame[table.index.to_numpy()]
    if table["subject_id"].nunique() < 2:
        return []
    bits = np.unpackbits(
        np.array([list(bytes.fromhex(text)) for text in table["picture_hash"]], dtype=np.uint8), axis=1
    )
    subject = table["subject_id"].astype("category").cat.codes.to_numpy()
    portrait = table["portrait"].astype("category").cat.codes.to_numpy()
    without = (table["portrait"] == "").to_numpy()
    content = table["content_hash"].to_numpy() if "content_hash" in table else np.arange(len(table)).astype(str)
    pairs: dict[tuple[int, int], None] = {}
    for rows in _candidates(bits):
        if len(np.unique(subject[rows])) < 2:
            continue
        for at, row in enumerate(rows[:-1].tolist()):
            others = rows[at + 1 :]
            others = others[(subject[others] != subject[row]) & ((portrait[others] != portrait[row]) | without[row])]
            near = others[(bits[others] != bits[row]).sum(axis=1) <= NEAR]
            pairs |= dict.fromkeys((row, other) for other in near[content[near] != content[row]].tolist())
    return [(int(of_frame[row]), int(of_frame[other])) for row, other in pairs]


def _candidates(bits: NDArray[np.uint8]) -> Iterator[NDArray[np.intp]]:
    """Yield rows that agree in one of NEAR + 1 bands: two rows that differ in at most NEAR bits agree in one."""
    for band in np.array_split(bits, NEAR + 1, axis=1):
        keys = np.packbits(band, axis=1)
        _, inverse = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(inverse.ravel(), kind="stable")
        edges = np.flatnonzero(np.diff(inverse.ravel()[order])) + 1
        yield from (rows for rows in np.split(order, edges) if len(rows) > 1)
