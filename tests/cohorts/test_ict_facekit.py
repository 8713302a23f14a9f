"""Identities of ICT-FaceKit: read from a small mesh written in its exact layout; none of its data is here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.ict_facekit import FOLDER, MULTI_PIE, IctPeople
from facialis.cohorts.simulated.shape import mean_face
from facialis.errors import CohortError
from facialis.faces.fields import mirror_field
from facialis.faces.mesh import canonical_face

TILT, SCALE, SHIFT = np.radians(8.0), 0.95, np.array([0.0, 1.2, 5.0])
ROTATION = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])


def write_obj(path: Path, vertices: NDArray[np.float64]) -> None:
    lines = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in vertices]
    path.write_text("\n".join(["# ICT FaceKit", "mtllib ICTFaceModelMaterial.mtl", *lines, "vt 0 0", "f 1/1 2/1 3/1"]))


def write_ict_facekit(root: Path, moves: list[NDArray[np.float64]]) -> Path:
    """Write ``FaceXModel`` as ICT-FaceKit lays it out: the landmarker's mesh, other axes, order and scale, and a jaw.

    `moves` (468, 3) cm are the components on the landmarker's mesh.
    """
    folder = root / FOLDER
    folder.mkdir(parents=True)
    order = np.random.default_rng(0).permutation(468)
    inside = canonical_face()[:40] - [0.0, 0.0, 0.1]  # teeth and the like, nearer to some landmarks than the skin is

    def placed(face: NDArray[np.float64]) -> NDArray[np.float64]:
        return SCALE * np.concatenate([face[order], inside]) @ ROTATION.T + SHIFT

    write_obj(folder / "generic_neutral_mesh.obj", placed(canonical_face()[:468]))
    for number, move in enumerate(moves):
        write_obj(folder / f"identity{number:03d}.obj", placed(canonical_face()[:468] + move))
    where = np.argsort(order)
    landmarks = [int(where[MULTI_PIE.get(landmark, 0)]) for landmark in range(68)]
    indices = {"expressions": [], "idx_to_fitting_verts": list(range(468)), "idx_to_landmark_verts": landmarks}
    (folder / "vertex_indices.json").write_text(json.dumps(indices))
    return root


def moves() -> list[NDArray[np.float64]]:
    """A wider face, a longer one, and one that leans to a side."""
    face = canonical_face()[:468]
    wider, longer, lean = np.zeros((3, 468, 3))
    wider[:, 0] = 0.04 * face[:, 0]
    longer[:, 1] = 0.03 * face[:, 1]
    lean[:, 0] = 0.2
    return [wider, longer, lean]


def test_components_lie_on_the_landmarkers_mesh_and_are_symmetric(tmp_path):
    people = IctPeople.read(write_ict_facekit(tmp_path, moves()))
    assert people.components.shape == (3, 478, 3)
    wider, longer, _ = moves()
    np.testing.assert_allclose(people.components[0, :468], wider, atol=1e-4)
    np.testing.assert_allclose(people.components[1, :468], longer, atol=1e-4)
    np.testing.assert_allclose(people.components[2], 0.0, atol=1e-4)  # what leans is no part of what is taken
    np.testing.assert_array_equal(people.components[:, 470], people.components[:, 468])  # the iris moves as one
    assert people.components[0, 468, 0] < 0 < people.components[0, 473, 0]
    assert IctPeople.read(tmp_path / FOLDER).sha256 == people.sha256


def test_people_have_normal_weights_about_the_mean_face(tmp_path):
    people = IctPeople.read(write_ict_facekit(tmp_path, moves()[:1]))
    drawn = people(np.random.default_rng(1), 400, False)
    np.testing.assert_allclose(drawn, mirror_field(drawn), atol=1e-9)
    away = (drawn - mean_face())[:, 454, 0] / people.components[0, 454, 0]
    assert abs(away.mean()) < 0.15
    assert 0.9 < away.std() < 1.1
    crooked = people(np.random.default_rng(1), 3, True)
    assert np.abs(crooked - mirror_field(crooked)).max() > 0.1


def test_a_cohort_of_them(tmp_path):
    model = write_ict_facekit(tmp_path / "ICT-FaceKit", moves())
    cohort = simulate_cohort(tmp_path / "a", 2, 2, 3, seed=1, ict_facekit=model)
    same = simulate_cohort(tmp_path / "b", 2, 2, 3, seed=1, ict_facekit=model / FOLDER)
    own = simulate_cohort(tmp_path / "c", 2, 2, 3, seed=1)
    assert same.hash == cohort.hash != own.hash
    assert cohort.provenance["simulation"]["ict_facekit"] == IctPeople.read(model).sha256
    assert cohort.frames["severity"].tolist() == own.frames["severity"].tolist()  # only who comes is another


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "vertex_indices.json").unlink(), r"vertex_indices\.json: No such file"),
        (lambda folder: (folder / "vertex_indices.json").write_text("{}"), "idx_to_landmark_verts"),
        (lambda folder: (folder / "generic_neutral_mesh.obj").write_text("nothing"), "holds no mesh"),
        (lambda folder: (folder / "identity000.obj").write_text("v 0 0 0\nv 1 1 1"), r"identity000\.obj: damaged"),
        (lambda folder: [file.unlink() for file in folder.glob("identity*")], r"holds no identity000\.obj"),
        (lambda folder: write_obj(folder / "generic_neutral_mesh.obj", np.random.default_rng(0).normal(size=(508, 3))),
         "landmarks lie up to"),
    ],
)  # fmt: skip
def test_what_is_not_ict_facekit_is_refused(tmp_path, spoil, message):
    spoil(write_ict_facekit(tmp_path, moves()) / FOLDER)
    with pytest.raises(CohortError, match=message):
        IctPeople.read(tmp_path)
