"""Identities of ICT-FaceKit, from a user's own copy of it: the people that a simulation shows.

ICT-FaceKit's light model (https://github.com/ICT-VGL/ICT-FaceKit, MIT) is a neutral mesh and up to 100 principal
components of scanned faces, each as the neutral mesh moved by one standard deviation. It is not part of this package.

The mesh's landmarks are found on it as the nearest vertices of its face after a similarity transform, which the 68
Multi-PIE landmarks of its own ``vertex_indices.json`` give. A person is this package's mean face moved by the symmetric
part of the components with standard normal weights; the antisymmetric part stays that of `shape`, which was fitted to
what the landmarker reports of healthy people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.shape import draw_identities, mean_face
from facialis.errors import CohortError
from facialis.faces.fields import Array, exact_product, mirror_field
from facialis.faces.mesh import CONTOURS, IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, canonical_face

FOLDER = "FaceXModel"
NEUTRAL = "generic_neutral_mesh.obj"
INDICES = "vertex_indices.json"
MOST = 100
"""Components of the light model: ``identity000.obj`` to ``identity099.obj``."""

MULTI_PIE: dict[int, int] = {
    8: 152,  # chin
    19: 105, 24: 334,  # middle of the brows
    27: 168, 30: 1, 33: 2,  # nose: root, tip, base
    36: 33, 39: 133, 42: 362, 45: 263,  # canthi
    48: 61, 51: 0, 54: 291, 57: 17,  # mouth: corners and midline
}  # fmt: skip
"""Landmark of the 68 (from 0, the subject's right first): the same point of the landmarker's mesh."""
MOST_OFF_CM = 1.5
"""How far from each other the two may lie after the alignment; farther, and it is another mesh."""


@dataclass(frozen=True, eq=False)
class IctPeople:
    """People of ICT-FaceKit, drawn as `shape.draw_identities` draws this package's own.

    Attributes
    ----------
    components : (k, 478, 3) cm, symmetric displacements of one standard deviation: x to the subject's left, y up, z
        towards the viewer.
    sha256 : of the components.
    """

    components: Array
    sha256: str

    @classmethod
    def read(cls, folder: Path | str) -> Self:
        """Read the identities from a copy of ICT-FaceKit, or from the folder ``FaceXModel`` in it.

        Raises
        ------
        CohortError
            A file is missing, damaged, or does not fit the neutral mesh.
        """
        folder = Path(folder)
        folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
        neutral, (face, landmarks) = read_vertices(folder / NEUTRAL), _read_indices(folder / INDICES)
        if max(face.max(), landmarks.max()) >= len(neutral):
            raise CohortError(f"{folder / INDICES}: names vertices that {NEUTRAL} has not; take both from one copy")
        scale, rotation, shift = align(neutral[landmarks[list(MULTI_PIE)]], _targets(), folder / NEUTRAL)
        rows = face[nearest(scale * neutral[face] @ rotation.T + shift, canonical_face()[:468])]
        files = [folder / f"identity{number:03d}.obj" for number in range(MOST)]
        found = [read_vertices(file, rows) - neutral[rows] for file in files if file.is_file()]
        if not found:
            raise CohortError(f"{folder}: holds no identity000.obj; give a copy of ICT-FaceKit with its identities")
        moves = scale * np.array(found) @ rotation.T
        for rim, eye in ((IRIS_SUBJECT_RIGHT, "subject_right_eye"), (IRIS_SUBJECT_LEFT, "subject_left_eye")):
            lids = moves[:, [at for at, _ in CONTOURS[eye]]].mean(axis=1, keepdims=True)
            moves = np.concatenate([moves, np.repeat(lids, len(rim), axis=1)], axis=1)
        components = np.round((moves + mirror_field(moves)) / 2.0, 6)
        return cls(components, hashlib.sha256(components.tobytes()).hexdigest())

    def __call__(self, rng: np.random.Generator, n: int, antisymmetric: bool = True) -> Array:
        """Draw `n` faces at rest without palsy, (n, 478, 3) cm; symmetric ones unless `antisymmetric`."""
        weights = rng.standard_normal((n, len(self.components)))
        faces = mean_face() + exact_product(weights, self.components)
        own = draw_identities(rng, n, antisymmetric)
        return np.asarray(faces + (own - mirror_field(own)) / 2.0)


def _targets() -> Array:
    return canonical_face()[list(MULTI_PIE.values())]


def align(points: Array, targets: Array, name: Path) -> tuple[float, Array, Array]:
    """Return scale, rotation (3, 3) and shift (3,) that take `points` (n, 3) nearest to `targets` (Umeyama, 1991).

    Raises
    ------
    CohortError
        A point still lies farther than `MOST_OFF_CM` from its target; `name` is the file that is blamed.
    """
    here, there = points.mean(axis=0), targets.mean(axis=0)
    left, size, right = np.linalg.svd((targets - there).T @ (points - here))
    turn = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left * turn @ right
    scale = float((size * turn).sum() / ((points - here) ** 2).sum())
    shift = there - scale * rotation @ here
    off = float(np.linalg.norm(scale * points @ rotation.T + shift - targets, axis=1).max())
    if not off <= MOST_OFF_CM:
        raise CohortError(
            f"{name}: its landmarks lie up to {off:.1f} cm from those of the landmarker's mesh; expected the neutral "
            f"face of ICT-FaceKit, with the {INDICES} of the same copy"
        )
    return scale, rotation, shift


def nearest(points: Array, to: Array) -> NDArray[np.intp]:
    """Return for each of `to` (m, 3) the row of the nearest of `points` (n, 3)."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(points).query(to)[1], dtype=np.intp)


def read_vertices(path: Path, rows: NDArray[np.intp] | None = None) -> Array:
    """Read the vertices (n, 3) of a Wavefront OBJ file, or some of them.

    Raises
    ------
    CohortError
        The file is missing or damaged, or has not so many vertices.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = [line for line in file if line.startswith("v ")]
        chosen: Sequence[str] = lines if rows is None else [lines[row] for row in rows]
        found = np.array([line.split()[1:4] for line in chosen], dtype=np.float64)
    except OSError as error:
        raise CohortError(f"{path}: {error.strerror or error}; give a folder of ICT-FaceKit") from error
    except (ValueError, IndexError) as error:
        raise CohortError(f"{path}: damaged, or not of this copy of ICT-FaceKit ({error})") from error
    if found.ndim != 2 or found.shape[1] != 3 or not np.isfinite(found).all():
        raise CohortError(f"{path}: holds no mesh; expected lines `v X Y Z`")
    return found


def _read_indices(path: Path) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the vertices of the face and the 68 landmarks among all vertices."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        landmarks = np.array(table["idx_to_landmark_verts"], dtype=np.intp)
        face = np.union1d(np.array(table["idx_to_fitting_verts"], dtype=np.intp), landmarks)
    except OSError as error:
        raise CohortError(f"{path}: {error.strerror or error}; give a folder of ICT-FaceKit") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CohortError(f"{path}: damaged ({error}); expected ICT-FaceKit's own") from error
    if landmarks.shape != (68,) or face.min() < 0:
        raise CohortError(f"{path}: expected 68 landmarks in idx_to_landmark_verts, found {landmarks.size}")
    return face, landmarks
