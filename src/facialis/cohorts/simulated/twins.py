"""Pictures of a palsy face and its healthy twin before the landmarker: the palsy as it is and as reported."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.draw import draws, interocular_cm
from facialis.cohorts.simulated.photo import draw_photos, photo_matrix, take_photo
from facialis.cohorts.simulated.picture import Sitters, draw_face
from facialis.faces import geometry
from facialis.faces.face import Landmarker
from facialis.faces.fields import Array


class Twin(NamedTuple):
    """What the palsy moves, `true`, and what of it is reported, `got`: (478, 2), IOD, x to the subject's left, y up."""

    pair: int
    true: Array
    got: Array


def twins(landmarker: Landmarker, pairs: int, frames: int, seed: int, sitters: Sitters) -> list[Twin]:
    """Draw pairs of pictures that differ in the palsy alone and ask the landmarker; faces that it misses: left out."""
    found = []
    for draw, _ in draws(pairs, frames, seed):
        for row in np.flatnonzero(draw.pair < pairs).tolist():
            pair = int(draw.pair[row])
            photo, _ = draw_photos(np.random.default_rng([seed, 2, pair, int(draw.frame[row])]))
            shapes, seen = [], []
            for sick in (draw.palsy, palsy.no_palsy(len(draw.pair))):
                drawn = draw_face(draw, row, sick, sitters(pair))
                shapes.append(drawn.shape)
                matrix = photo_matrix(photo, *drawn.rgb.shape[:2])
                for face in landmarker.detect(take_photo(drawn.rgb, photo))[:1]:
                    points = (face.landmarks[:, :2] - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
                    seen.append(points.astype(np.float64))
            if len(seen) == 2:
                true = (shapes[0] - shapes[1])[:, :2] / interocular_cm(draw.identity[[row]])
                right, left = geometry.iris_centres(seen[1])
                along = (left - right) / ((left - right) ** 2).sum()
                moved = seen[0] - seen[1]
                x, y = moved @ along, moved @ np.array([-along[1], along[0]])
                found.append(Twin(pair, true, np.stack([x, -y], axis=-1)))
    return found
