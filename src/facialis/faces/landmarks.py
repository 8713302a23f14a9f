"""The face: 478 landmarks, 52 expression scores and a head transform, found by MediaPipe behind a Protocol.

Other landmarkers can take MediaPipe's place: whatever has ``name``, ``detect`` and ``close`` (see `Landmarker`).
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from facialis.errors import AssetError
from facialis.faces.geometry import interocular_distance
from facialis.faces.mesh import N_LANDMARKS

N_BLENDSHAPES = 52


@dataclass(frozen=True, eq=False)
class Face:
    """One face as a landmarker reports it.

    Attributes
    ----------
    landmarks
        (478, 3) float32, px: x to image right, y down, z away from the viewer on the scale of x (a guess).
    blendshapes
        (52,) float32, expression scores between 0 and 1, in MediaPipe's order.
    transform
        (4, 4) float32, from the canonical face (cm, y up, z towards the viewer) to the camera.
    size
        height and width of the picture, px.
    detector
        who found it, e.g. ``mediapipe-face-landmarker``.
    """

    landmarks: NDArray[np.float32]
    blendshapes: NDArray[np.float32]
    transform: NDArray[np.float32]
    size: tuple[int, int]
    detector: str

    @property
    def interocular_px(self) -> float:
        """Distance of the iris centres in the picture, px."""
        return float(interocular_distance(self.landmarks))


class Landmarker(Protocol):
    """Finds faces in RGB pictures."""

    name: str

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Return the faces in a (height, width, 3) uint8 picture, the largest first."""

    def close(self) -> None:
        """Release what the landmarker holds."""


class FaceLandmarker:
    """MediaPipe's Face Landmarker as a context manager; made once and reused, in one thread at a time.

    Parameters
    ----------
    model
        The model file; by default `facialis.faces.assets.asset_path` finds (or fetches) it.
    max_faces
        How many faces to look for.

    Raises
    ------
    AssetError
        The model file is missing or is not a landmarker.
    """

    name = "mediapipe-face-landmarker"

    def __init__(self, model: Path | str | None = None, *, max_faces: int = 5) -> None:
        from facialis.faces.assets import asset_path

        path = asset_path("face_landmarker", Path(model) if model is not None else None)
        with _native_log_muted():
            from mediapipe.tasks.python import BaseOptions, vision

            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
                num_faces=max_faces,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            try:
                self._mediapipe: Any = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError) as error:
                raise AssetError(f"{path} is not a face landmarker model: {str(error).splitlines()[0]}") from error
            self._run(np.zeros((64, 64, 3), np.uint8))  # the first run logs, and is slow
        _close_at_exit(self)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Return the faces in a (height, width, 3) uint8 picture, the largest first.

        A face that fills the picture is often missed: where none is found, the picture is tried once more
        within a border of half its size; the landmarks are given in the picture's own pixels all the same.
        """
        faces = self._run(rgb)
        if not faces:
            height, width = rgb.shape[:2]
            border = (height + width) // 4
            padded = np.pad(rgb, ((border, border), (border, border), (0, 0)), mode="edge")
            faces = self._run(padded, offset=border, size=(height, width))
        return sorted(faces, key=lambda face: -float(np.ptp(face.landmarks[:, :2], axis=0).prod()))

    def _run(self, rgb: NDArray[np.uint8], offset: int = 0, size: tuple[int, int] | None = None) -> list[Face]:
        from mediapipe import Image, ImageFormat

        if self._mediapipe is None:
            raise RuntimeError("the landmarker was closed")
        height, width = rgb.shape[:2]
        picture = Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        result = self._mediapipe.detect(picture)
        faces = []
        for points, scores, transform in zip(
            result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes, strict=True
        ):
            landmarks = np.array([(p.x, p.y, p.z) for p in points], dtype=np.float64)
            landmarks = landmarks * (width, height, width) - (offset, offset, 0)
            if landmarks.shape[0] != N_LANDMARKS or len(scores) != N_BLENDSHAPES:
                raise AssetError(
                    f"the landmarker gave {landmarks.shape[0]} landmarks and {len(scores)} expression scores, "
                    f"{N_LANDMARKS} and {N_BLENDSHAPES} were expected: `facialis assets verify` checks its model file"
                )
            faces.append(
                Face(
                    landmarks=landmarks.astype(np.float32),
                    blendshapes=np.array([score.score for score in scores], dtype=np.float32),
                    transform=np.asarray(transform, dtype=np.float32),
                    size=size or (height, width),
                    detector=self.name,
                )
            )
        return faces

    def close(self) -> None:
        """Release the model. MediaPipe prints an exception at the program's end if this is left out."""
        if self._mediapipe is not None:
            with _native_log_muted():
                self._mediapipe.close()
            self._mediapipe = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _close_at_exit(landmarker: FaceLandmarker) -> None:
    """Close a forgotten landmarker before MediaPipe's own threads end; afterwards it could only print an exception."""
    reference = weakref.ref(landmarker)

    def close() -> None:
        forgotten = reference()
        if forgotten is not None:
            forgotten.close()

    getattr(threading, "_register_atexit", atexit.register)(close)


@contextmanager
def _native_log_muted() -> Iterator[None]:
    """Keep what C++ code writes to file descriptor 2 from the terminal; Python's own errors still raise."""
    try:
        saved = os.dup(2)
    except OSError:  # standard error is closed already
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
