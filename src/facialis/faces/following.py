"""Who is who through a video: faces of one frame after the other put down to people.

A face belongs to the person whose last face lies nearest, with their last speed carried on, in place, size, and looks:
the shape of what palsy and expression hardly move, and the colour of the skin in this light. People who were away for
long, or whose place another face has crossed, are known again by their looks alone; who is like nobody is a new person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.geometry import interocular_distance, iris_centres, level, undo_pose
from facialis.faces.mesh import mirror_permutation

Values = NDArray[np.float64]

AWAY = 0.7
"""Seconds after which a person's last place says nothing any more."""
REACH = 1.5
"""Interocular distances within which the next face of a person lies, and by as much more for each second away."""
ALIKE = 0.075
"""Distance of two shapes in interocular distances (root mean square of the landmarks) that is far for one person: 99 %
of simulated faces lie nearer to their person's mean, 60 % of other people's do not."""
TINT = 0.35
"""Distance of two colours, in natural logarithms, that is far for one person in one video."""
_PATCHES = (50, 280, 151)
_STEADY = (
    33,
    133,
    263,
    362,
    168,
    6,
    197,
    195,
    5,
    4,
    1,
    2,
    94,
    10,
    67,
    297,
    234,
    454,
    127,
    356,
    93,
    323,
    132,
    361,
    58,
    288,
)
"""Canthi, nose, forehead and the sides of the face."""


def steady_shape(face: Face) -> Values:
    """Return the places (k, 2) of landmarks that expression and palsy hardly move, both sides' mean, by the irises."""
    frontal = level(undo_pose(face.landmarks.astype(np.float64), face.transform)[:, :2])
    placed = (frontal - iris_centres(frontal).mean(axis=0)) / max(float(interocular_distance(frontal)), 1e-6)
    both = (placed + placed[mirror_permutation()] * [-1.0, 1.0]) / 2
    return np.asarray(both[list(_STEADY)])


def skin_colour(face: Face, rgb: NDArray[np.uint8]) -> Values:
    """Return the logarithms (3,) of the mean red, green and blue about the cheeks and the middle of the forehead."""
    reach = max(1, round(0.12 * face.interocular_px))
    patches = []
    for x, y in face.landmarks[list(_PATCHES), :2].round().astype(int):
        patch = rgb[max(0, y - reach) : max(0, y + reach + 1), max(0, x - reach) : max(0, x + reach + 1)]
        if patch.size:
            patches.append(patch.reshape(-1, 3).mean(axis=0))
    return np.asarray(np.log(np.mean(patches, axis=0) + 8.0)) if patches else np.full(3, np.log(128.0))


class _Looks(NamedTuple):
    shape: Values
    colour: Values

    def unlike(self, other: _Looks) -> float:
        """Return how unlike two looks are; above 1 they are two people's."""
        shape = float(np.sqrt(np.mean((self.shape - other.shape) ** 2))) / ALIKE
        return float(np.hypot(shape, np.sqrt(np.mean((self.colour - other.colour) ** 2)) / TINT))

    def moved_to(self, other: _Looks, share: float) -> _Looks:
        """Return looks that lie on the way to others."""
        return _Looks(*(a + (b - a) * share for a, b in zip(self, other, strict=True)))


class Person:
    """Someone in the video.

    Attributes
    ----------
    number : 1 for the first seen, and so on.
    first, last : seconds.
    frames : how many the face was found in.
    presence : sum over frames of the interocular distance, px: who is large and long in view has much.
    """

    def __init__(self, number: int, face: Face, looks: _Looks, time: float) -> None:
        self.number, self.first, self.frames, self.presence = number, time, 0, 0.0
        self.place, self.speed = _place(face), np.zeros(2)
        self.size, self.last = face.interocular_px, time
        self.looks = looks
        self.take(face, looks, time)

    def take(self, face: Face, looks: _Looks, time: float) -> None:
        """Take a frame's face as this person's."""
        place, step = _place(face), time - self.last
        if 0 < step <= AWAY:
            self.speed = 0.5 * self.speed + 0.5 * (place - self.place) / step
        elif step > AWAY:
            self.speed = np.zeros(2)
        self.place, self.size, self.last = place, face.interocular_px, time
        self.frames += 1
        self.presence += face.interocular_px
        self.looks = self.looks.moved_to(looks, 1 / min(self.frames, 30))

    def cost(self, face: Face, looks: _Looks, time: float, crossed: bool) -> float:
        """Return how unlike this face is to the person's, infinite where it cannot be theirs; about 1 is far."""
        away = time - self.last
        apart = self.looks.unlike(looks)
        grown = abs(float(np.log2(max(face.interocular_px, 1e-6) / max(self.size, 1e-6))))
        if away > AWAY or crossed:
            return apart if apart <= 1 else np.inf
        ahead = self.place + self.speed * min(away, 0.3)
        moved = float(np.hypot(*(_place(face) - ahead))) / max(self.size, 1e-6) / (REACH * (1 + away))
        return moved + grown + 0.5 * apart if moved <= 1 and grown <= 1 else np.inf


class Follower:
    """Puts the faces of frames, one frame after the other, down to people."""

    def __init__(self) -> None:
        self.people: list[Person] = []

    def follow(self, faces: Sequence[Face], rgb: NDArray[np.uint8], time: float) -> list[Person]:
        """Return the person whom each of a frame's faces belongs to.

        Parameters
        ----------
        faces, rgb : of the frame.
        time : seconds, not before that of the frame before.
        """
        from scipy.optimize import linear_sum_assignment

        looks = [_Looks(steady_shape(face), skin_colour(face, rgb)) for face in faces]
        costs = np.full((len(faces), len(self.people)), np.inf)
        for column, person in enumerate(self.people):
            crossed = self._crossed(person, time)
            for row, face in enumerate(faces):
                costs[row, column] = person.cost(face, looks[row], time, crossed)
        found: list[Person | None] = [None] * len(faces)
        rows, columns = linear_sum_assignment(np.minimum(costs, 1e6))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if np.isfinite(costs[row, column]):
                found[row] = self.people[column]
                self.people[column].take(faces[row], looks[row], time)
        for row, face in enumerate(faces):
            if found[row] is None:
                self.people.append(Person(len(self.people) + 1, face, looks[row], time))
                found[row] = self.people[-1]
        return [person for person in found if person is not None]

    def _crossed(self, person: Person, time: float) -> bool:
        """Whether somebody else's place is that of a person out of sight: then place does not tell them apart."""
        if time - person.last < 0.1:
            return False
        near = 1.5 * person.size
        return any(
            other is not person and other.last > person.last and np.hypot(*(other.place - person.place)) < near
            for other in self.people
        )


def _place(face: Face) -> Values:
    return np.asarray(iris_centres(face.landmarks[:, :2].astype(np.float64)).mean(axis=0))
