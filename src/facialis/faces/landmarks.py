"""MediaPipe's Face Landmarker: 478 landmarks, 52 expression scores and a head transform of each face.

Other landmarkers can take its place: whatever has ``name``, ``detect`` and ``close`` (see `Landmarker`).
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facialis.errors import AssetError
from facialis.faces.face import N_BLENDSHAPES, Face, Landmarker
from facialis.faces.mesh import N_LANDMARKS
from facialis.faces.search import find_faces
from facialis.faces.telemetry import declined, forget_address
from facialis.interrupts import interrupts_held

__all__ = ["Face", "FaceLandmarker", "Landmarker"]


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
        with interrupts_held(), _native_log_muted():
            from mediapipe.tasks.python import BaseOptions, vision

            options = vision.FaceLandmarkerOptions(
                base_options=declined(BaseOptions(model_asset_buffer=path.read_bytes())),
                num_faces=max_faces,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            forget_address()
            try:
                self._mediapipe: Any = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError) as error:
                raise AssetError(f"{path} is not a face landmarker model: {str(error).splitlines()[0]}") from error
            self._run(np.zeros((64, 64, 3), np.uint8))  # the first run logs, and is slow
            _close_at_exit(self)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Return the faces in a (height, width, 3) uint8 picture, the largest first.

        A face that fills the picture, or is small in it, is looked for as `facialis.faces.search` says.
        """
        return find_faces(self._run, rgb)

    def _run(self, rgb: NDArray[np.uint8]) -> list[Face]:
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
            landmarks = np.array([(p.x, p.y, p.z) for p in points], dtype=np.float64) * (width, height, width)
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
                    size=(height, width),
                    detector=self.name,
                )
            )
        return faces

    def close(self) -> None:
        """Release the model. MediaPipe prints an exception at the program's end if this is left out."""
        if self._mediapipe is not None:
            with interrupts_held(), _native_log_muted():
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
