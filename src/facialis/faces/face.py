"""What a landmarker finds: the face, and what any landmarker must offer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facialis.faces.geometry import interocular_distance

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

    @cached_property
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
