"""The 29 measures: against the published programs, a slow written-out version, and the rules that they must keep."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facialis.errors import RecipeError
from facialis.faces.geometry import mirror, undo_pose
from facialis.faces.mesh import canonical_face
from facialis.modalities.measures import (
    COORDINATES,
    DEFINITIONS,
    LIMIT,
    MEASURES,
    POINTS,
    REGIONS,
    measure,
    measure_names,
)

FIXTURES = Path(__file__).parents[1] / "fixtures"
WIDTH = 1000.0  # px, of the picture that the random faces stand in
ANGLES = [entry.number for entry in MEASURES if entry.unit == "deg"]
NOT_F3 = np.array([entry.number != 3 for entry in MEASURES])

each_definition = pytest.mark.parametrize("definition", DEFINITIONS)


@st.composite
def faces(draw: st.DrawFn, symmetric: bool = False) -> np.ndarray:
    """A canonical face in px whose points were moved by up to some mm each, upright in the picture."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    face = canonical_face() + rng.normal(0, draw(st.floats(0.01, 0.3)), (478, 3))
    face = face * [1, -1, -1] * draw(st.floats(5, 60))
    if symmetric:
        face = (face + mirror(face)) / 2
    return face + np.array([draw(st.floats(300, 700)), draw(st.floats(400, 1500)), 0])


def rotated(points: np.ndarray, degrees: float, centre: np.ndarray) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = points.copy()
    turned[..., :2] = (points[..., :2] - centre) @ np.array([[c, s], [-s, c]]) + centre
    return turned


def assert_same(actual: np.ndarray, expected: np.ndarray) -> None:
    """Compare measures, angles modulo 360 degrees."""
    difference = actual - expected
    difference[..., ANGLES] = (difference[..., ANGLES] + 180) % 360 - 180
    np.testing.assert_array_less(np.abs(difference), 1e-6 + 1e-6 * np.abs(expected))


# The published programs.


@pytest.mark.parametrize(
    ("definition", "coordinates", "tolerance"),
    [
        ("oo-2025", "pixel", 5e-6),
        ("oo-2025", "normalised", 5e-6),
        ("parra-dominguez-2021", "pixel", 1e-4),  # the published program computes in float32
    ],
)
def test_published_programs(definition, coordinates, tolerance):
    data = np.load(FIXTURES / "published_measures.npz")
    ours = measure(data["landmarks"], definition=definition, coordinates=coordinates, size=data["size"])
    published = data[f"{definition.replace('-', '_')}_{coordinates}"]
    assert ours.shape == published.shape == (6, 29)
    np.testing.assert_allclose(ours, published, rtol=1e-6, atol=tolerance)


def slowly(points: np.ndarray, definition: str) -> list[float]:
    """The measures of one face, written out number by number, without guards."""
    old = definition == "parra-dominguez-2021"
    raw = [points[i, :2] for i in POINTS]
    x48, y48 = raw[48]
    turn = math.atan2(raw[49][1] - y48, raw[49][0] - x48) + (0 if old else math.pi)
    p = [
        (
            x48 + math.cos(turn) * (x - x48) + math.sin(turn) * (y - y48),
            y48 + math.cos(turn) * (y - y48) - math.sin(turn) * (x - x48),
        )
        for x, y in raw
    ]

    def d(i, j):
        return math.dist(p[i], p[j])

    def horizontal(i, j):
        return d(i, j) if old else abs(p[i][0] - p[j][0])

    def angle(i, j):
        degrees = math.degrees(math.atan2(p[i][1] - p[j][1], p[i][0] - p[j][0]))
        return abs(degrees) if old else degrees

    def ratio(a, b):
        return min(a, b) / max(a, b) if old else max(a / b, b / a)

    def gaps(i, j, k, m):
        return abs(p[i][1] - p[j][1]) + abs(p[k][1] - p[m][1]) if old else d(i, j) + d(k, m)

    def slope(i, j):
        return abs((p[i][1] - p[j][1]) / (p[i][0] - p[j][0]))

    def perimeter(corners):
        return sum(d(corners[k], corners[k - 1]) for k in range(len(corners)))

    face, mouth = horizontal(48, 49), horizontal(28, 34)
    right = [28, 29, 30, 31, 37, 38, 39] if old else [28, 29, 30, 31, 37, 38]
    left = [31, 32, 33, 34, 35, 36, 37]
    return [
        angle(0, 9), angle(2, 7), angle(4, 5),
        ratio(sum(y for _, y in p[0:5]), sum(y for _, y in p[5:10])),
        slope(0, 9), slope(2, 7), slope(4, 5),
        angle(19, 10) if old else angle(10, 19),
        ratio(horizontal(10, 13), horizontal(16, 19)), ratio(horizontal(10, 48), horizontal(19, 49)),
        ratio(d(10, 23), d(19, 27)), ratio(gaps(11, 15, 12, 14), gaps(17, 21, 18, 20)),
        ratio(d(11, 15), d(18, 20)), ratio(d(12, 14), d(17, 21)),
        angle(34, 28) if old else angle(28, 34),
        ratio(d(10, 37), d(19, 37)), ratio(d(29, 39), d(33, 35)), ratio(d(30, 38), d(32, 36)),
        max(d(28, 37), d(34, 37)) / face, max(d(29, 39), d(33, 35)) / mouth, max(d(30, 38), d(32, 36)) / mouth,
        max(perimeter(right), perimeter(left)) / mouth,
        angle(27, 23) if old else angle(23, 27),
        angle(37, 22) if old else angle(22, 37),
        ratio(d(23, 37), d(27, 37)), max(d(2, 37), d(7, 37)) / face, max(d(3, 37), d(6, 37)) / face,
        d(37, 50) / face, d(31, 25 if old else 22) / face,
    ]  # fmt: skip


@each_definition
@pytest.mark.parametrize("coordinates", COORDINATES)
@settings(max_examples=20, deadline=None)
@given(face=faces())
def test_written_out_version_agrees(definition, coordinates, face):
    scale = np.array([640.0, 900.0]) if coordinates == "normalised" else np.ones(2)
    expected = np.minimum(slowly(face[:, :2] / scale, definition), LIMIT)
    ours = measure(face, definition=definition, coordinates=coordinates, size=(900, 640))
    assert_same(ours, expected)


# What must hold for every face.


@each_definition
@settings(max_examples=50, deadline=None)
@given(face=faces(), roll=st.floats(-40, 40))
def test_mirroring_does_what_the_table_says(definition, face, roll):
    face = rotated(face, roll, face[1, :2])
    before, after = measure([face, mirror(face, WIDTH)], definition=definition)
    rules = [entry.mirrored[definition] for entry in MEASURES]
    expected = np.select(
        [np.array([rule == name for rule in rules]) for name in ("same", "negated", "supplement", "changes")],
        [before, -before, 180 - before, after],
    )
    assert_same(after, expected)


@each_definition
def test_what_the_table_calls_changed_does_change(definition):
    face = canonical_face() * [50, -50, -50] + [500, 600, 0]
    face[[39, 105, 127]] += [3, 80, 0]
    before, after = measure([face, mirror(face, WIDTH)], definition=definition)
    changed = {entry.number for entry in MEASURES if entry.mirrored[definition] == "changes"}
    assert changed == ({3, 21} if definition == "oo-2025" else {3})
    assert all(abs(before[number] - after[number]) > 1e-3 for number in changed)


@each_definition
@settings(max_examples=25, deadline=None)
@given(face=faces(symmetric=True), roll=st.floats(-170, 170))
def test_symmetric_face_has_the_symmetric_values(definition, face, roll):
    expected = [entry.symmetric[definition] for entry in MEASURES]
    known = np.array([value is not None for value in expected])
    values = np.where(known, [value or 0.0 for value in expected], 0.0)
    for stand in (face, rotated(face, roll, face[127, :2])):
        ours = measure(stand, definition=definition)
        assert_same(np.where(known, ours, 0.0), values)


@each_definition
@settings(max_examples=25, deadline=None)
@given(
    face=faces(),
    scale=st.floats(0.1, 10),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    roll=st.floats(-180, 180),
)
def test_scale_shift_and_roll_change_nothing_but_f3(definition, face, scale, shift, roll):
    before = measure(face[:, :2], definition=definition)
    assert_same(measure(face[:, :2] * scale, definition=definition), before)
    moved = rotated(face * scale, roll, np.array([20.0, 30.0]))[:, :2] + shift
    assert_same(np.where(NOT_F3, measure(moved, definition=definition), before), before)


@each_definition
def test_f3_depends_on_where_the_face_stands(definition):
    face = canonical_face()[:, :2] * [50, -50] + [500, 600]
    face[105] += [0, 10]
    here, lower = measure([face, face + np.array([0, 300])], definition=definition)
    assert abs(here[3] - lower[3]) > 1e-3
    assert_same(measure(face + np.array([300, 0]), definition=definition), here)  # sideways changes nothing


@each_definition
def test_normalised_coordinates_are_pixels_over_the_size(definition):
    face = canonical_face() * [50, -50, -50] + [500, 600, 0]
    face[105] += [4, 9, 0]
    expected = measure(face[:, :2] / [1000, 800], definition=definition)
    ours = measure(face, definition=definition, coordinates="normalised", size=(800, 1000))
    np.testing.assert_array_equal(ours, expected)
    stack = measure([face, face], definition=definition, coordinates="normalised", size=[[800, 1000], [9, 9]])
    np.testing.assert_array_equal(stack[0], expected)
    assert abs(stack[1] - expected).max() > 0.1


# Faces that divide by zero.


@each_definition
@pytest.mark.filterwarnings("error")
@settings(max_examples=30, deadline=None)
@given(face=arrays(np.float64, (468, 2), elements=st.sampled_from([0.0, 1.0, 2.0, 1e-300, 1e9])))
def test_every_face_has_finite_measures(definition, face):
    assert np.isfinite(measure(face, definition=definition)).all()


@each_definition
def test_points_in_one_place(definition):
    expected = [{"ratio": 1.0}.get(entry.unit, 0.0) for entry in MEASURES]
    np.testing.assert_array_equal(measure(np.full((478, 2), 7.0), definition=definition), expected)


@each_definition
def test_closed_eyes(definition):
    face = canonical_face()[:, :2] * [50, -50] + [500, 600]
    open_eyes = measure(face, definition=definition)
    face[[160, 158]] = face[[144, 153]]
    one = measure(face, definition=definition)
    face[[385, 387]] = face[[380, 373]]
    both = measure(face, definition=definition)
    closed = LIMIT if definition == "oo-2025" else 0.0
    assert one[11:14].tolist() == [closed] * 3
    assert both[11:14].tolist() == [1.0] * 3
    np.testing.assert_array_equal(np.delete(both, [11, 12, 13]), np.delete(open_eyes, [11, 12, 13]))


@each_definition
def test_sides_of_the_face_in_one_place_count_as_level(definition):
    rng = np.random.default_rng(4)
    faces_ = rng.normal(0, 100, (50, 478, 2))
    faces_[:, 356] = faces_[:, 127]
    from_, to = faces_[:, POINTS[28]], faces_[:, POINTS[34]]
    tilt = np.degrees(np.arctan2(*(to - from_).T[::-1]))
    ours = measure(faces_, definition=definition)[:, 14]
    np.testing.assert_allclose(ours, np.abs(tilt) if definition != "oo-2025" else tilt)


@pytest.mark.filterwarnings("error")
def test_a_quotient_too_large_for_a_number_is_cut_at_the_limit():
    face = np.zeros((478, 2))
    face[356] = [100, 0]
    face[291, 0] = 1e-300  # a mouth next to no width
    face[39] = [0, 1e9]  # point 29, near a commissure
    assert measure(face)[19:22].tolist() == [LIMIT, 0.0, LIMIT]


def test_mouth_without_width_is_cut_at_the_limit():
    face = canonical_face()[:, :2] * [50, -50] + [500, 600]
    face[[61, 291], 0] = 500
    assert measure(face)[19:22].tolist() == [LIMIT] * 3


@each_definition
def test_missing_landmark_stays_missing(definition):
    face = canonical_face()[:, :2].copy()
    face[105] = np.nan  # point 2
    missing = np.isnan(measure(face, definition=definition))
    assert np.flatnonzero(missing).tolist() == [1, 3, 5, 25]


# Shapes, names, errors.


@each_definition
def test_stacks_equal_single_faces(definition):
    rng = np.random.default_rng(3)
    stack = canonical_face() * [50, -50, -50] + [500, 600, 0] + rng.normal(0, 2, (2, 3, 478, 3))
    ours = measure(stack.astype(np.float32), definition=definition)
    assert ours.shape == (2, 3, 29)
    assert ours.dtype == np.float64
    single = measure(stack[1, 2, :468, :2].astype(np.float32), definition=definition)
    np.testing.assert_allclose(ours[1, 2], single, rtol=1e-12)
    assert measure(stack[:0], definition=definition).shape == (0, 3, 29)


def test_input_is_left_alone():
    face = canonical_face()[:, :2].copy()
    measure(face, coordinates="normalised", size=(3, 4))
    np.testing.assert_array_equal(face, canonical_face()[:, :2])


def test_pose_corrected_face_can_be_measured():
    data = np.load(FIXTURES / "astronaut_landmarks.npz")
    frontal = undo_pose(data["landmarks"], data["transform"])
    raw, corrected = measure([data["landmarks"], frontal])
    assert np.isfinite(corrected).all()
    assert abs(corrected[14]) < 5 > abs(raw[14])  # a smile that is level within five degrees


def test_table():
    assert [entry.number for entry in MEASURES] == list(range(29))
    assert measure_names() == tuple(entry.name for entry in MEASURES)
    assert len(set(measure_names())) == 29
    assert {entry.region for entry in MEASURES} == set(REGIONS)
    for entry in MEASURES:
        assert entry.name.isidentifier()
        assert entry.clinical_name
        assert entry.unit in {"deg", "slope", "ratio", "relative size"}
        for table in (entry.formula, entry.symmetric, entry.mirrored):
            assert set(table) == set(DEFINITIONS)
        for definition in DEFINITIONS:
            assert entry.formula[definition] in entry.description
            assert entry.mirrored[definition] in {"same", "negated", "supplement", "changes"}
            symmetric = entry.symmetric[definition]
            assert (symmetric is None) == (entry.unit == "relative size")
            if entry.mirrored[definition] == "negated":
                assert symmetric == 0
            if entry.unit != "deg" and symmetric is not None:
                assert symmetric == {"ratio": 1, "slope": 0}[entry.unit]


def test_fifty_one_points():
    assert len(POINTS) == len(set(POINTS)) == 51
    pairs = mirror(np.arange(478.0)[:, None].repeat(2, axis=1))[:, 1].astype(int)
    assert {int(pairs[index]) for index in POINTS} == set(POINTS)


@pytest.mark.parametrize(
    ("given_", "nearest"), [("oo-2024", "oo-2025"), ("parra", "parra-dominguez-2021"), ("Oo", "oo-2025")]
)
def test_unknown_definition_names_the_nearest(given_, nearest):
    with pytest.raises(RecipeError, match=f"definition '{given_}' is unknown.*nearest: '{nearest}'"):
        measure(np.zeros((478, 2)), definition=given_)


def test_unknown_coordinates_name_the_nearest():
    line = "^coordinates 'normalized' is unknown; expected one of pixel, normalised; nearest: 'normalised'$"
    with pytest.raises(RecipeError, match=line):
        measure(np.zeros((478, 2)), coordinates="normalized")


@pytest.mark.parametrize("shape", [(478,), (51, 2), (2, 478), (478, 4), (3, 477, 2)])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"landmarks of shape .* expected"):
        measure(np.zeros(shape))


@pytest.mark.parametrize("size", [None, (0, 5), (5,), 5, (np.nan, 3)])
def test_wrong_size(size):
    with pytest.raises(ValueError, match=f"^size {re.escape(repr(size))}; expected|^normalised coordinates need size="):
        measure(np.zeros((478, 2)), coordinates="normalised", size=size)


@each_definition
def test_normalised_by_a_size_of_one_is_in_pixels(definition):
    face = canonical_face() * [50, -50, -50] + [500, 600, 0]
    ours = measure(face, definition=definition, coordinates="normalised", size=(1, 1))
    np.testing.assert_array_equal(ours, measure(face, definition=definition))


def test_import_is_light():
    code = (
        "import sys, facialis.modalities.measures, facialis.modalities.crops, facialis.modalities.lines\n"
        "print(*{'cv2', 'mediapipe', 'PIL', 'torch', 'pandas', 'scipy'} & set(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
