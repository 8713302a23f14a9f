"""Muscles, movements and palsies of the simulated faces: the tables, and what clinicians say of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from facialis.cohorts.simulated import muscles, patients, show
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.movements import EVERYDAY, STANDARD, intend, typical, views
from facialis.cohorts.simulated.muscles import BRANCHES, MUSCLES, muscle_index
from facialis.cohorts.simulated.palsy import KINDS, Palsy, act, moved, no_palsy
from facialis.cohorts.simulated.patients import EXTENTS, GRADES, draw_palsies, grade_of, make_palsy, recovery
from facialis.cohorts.simulated.sequences import LAG, simulate_sequence, time_course
from facialis.cohorts.simulated.shape import draw_identities, mean_face
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.cohorts.simulated.truth import millimetres
from facialis.errors import CohortError, FacialisError
from facialis.faces.fields import mirror_field
from facialis.faces.mesh import N_LANDMARKS
from facialis.modalities.regions import REGIONS, region_landmarks

Array = NDArray[np.float64]
CORNER, BROW, UPPER, LOWER = (61, 291), (105, 334), (159, 386), (145, 374)


def gaps(face: Array) -> Array:
    """Return the lid gaps (cm) of one face, subject's right and left."""
    return np.array([face[up, 1] - face[low, 1] for up, low in zip(UPPER, LOWER, strict=True)])


def looks(view: str, sick: Palsy | None = None) -> Array:
    return moved(mean_face()[None], typical(view, 1.0), no_palsy(1) if sick is None else sick)[0]


@pytest.mark.parametrize("muscle", MUSCLES, ids=lambda muscle: muscle.name)
def test_every_muscle_has_branches_a_size_and_a_side(muscle: muscles.Muscle) -> None:
    assert set(muscle.branches) <= set(BRANCHES)
    assert sum(muscle.branches.values()) == pytest.approx(1.0)
    assert all(0 <= landmark < N_LANDMARKS and 3 <= radius <= 20 for landmark, radius, _ in muscle.bumps)
    right = 10.0 * muscles.muscle_fields()[muscle_index(muscle.name), 0]
    size = np.sqrt((right**2).sum(axis=1))
    assert 0.8 < size.max() < 13.0, "millimetres at full effort"
    assert mean_face()[size.argmax(), 0] < 0, "on the subject's right"
    assert (right[468:] == 0).all(), "no facial muscle moves the eyeball"


def test_the_muscles_and_branches_that_anatomy_names_are_there() -> None:
    table = {muscle.name: muscle.branches for muscle in MUSCLES}
    assert len(table) == len(MUSCLES) == 16
    assert set(table["orbicularis_oculi_palpebral"]) == {"temporal", "zygomatic"}
    assert set(table["zygomaticus_major"]) == {"zygomatic", "buccal"}
    assert set(table["orbicularis_oris"]) == {"buccal", "marginal_mandibular"} == set(table["depressor_anguli_oris"])
    assert table["platysma"] == {"cervical": 1.0}
    assert not any("levator_palpebrae" in name for name in table), "not the facial nerve's"


def test_the_views_are_the_standard_ten_and_every_muscle_named_exists() -> None:
    assert len(STANDARD) == 10
    assert next(iter(STANDARD)) == "rest"
    assert list(STANDARD)[-1] == "nasal_base"
    for movement in [*STANDARD.values(), *(movement for _, movement in EVERYDAY.values())]:
        for name, (low, high) in movement.efforts.items():
            assert muscle_index(name) >= 0
            assert 0.0 <= low <= high <= 1.0
    assert sum(share for share, _ in EVERYDAY.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: intend({"zygomatic_major": 1.0}), "no muscle .* nearest is zygomaticus_major"),
        (lambda: intend({"risorius": 1.5}), "effort of risorius is 1.5"),
        (lambda: views("rest,puker"), "no view .* nearest is pucker"),
        (lambda: typical("brow raise"), "nearest is brow_raise"),
        (lambda: make_palsy("subject_left", 1.2), "severity is 1.2"),
        (lambda: make_palsy("subject_left", float("nan")), "severity is nan"),
        (lambda: make_palsy("left", 1.0), "no side is called 'left'"),
        (lambda: make_palsy("subject_left", "sever"), "nearest is severe"),
        (lambda: make_palsy("subject_left", 1.0, kind="flacid"), "nearest is flaccid"),
        (lambda: make_palsy("subject_left", 1.0, extent="bucal"), "nearest is buccal"),
        (lambda: recovery(np.array([-1.0]), 0.5), "before the onset"),
        (lambda: simulate_faces(1, 1, 1, 0, movement="smle"), "no view is called 'smle'"),
        (lambda: time_course(1, 30.0), "1 frames at 30.0"),
        (lambda: time_course(30, 30.0, onset=-1.0), "negative"),
    ],
)
def test_what_is_unknown_or_out_of_range_is_named(ask: object, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        ask()  # type: ignore[operator]


def test_severities_map_to_grades_and_back() -> None:
    assert [name for name, _, _ in GRADES] == ["near_normal", "mild", "moderate", "severe", "complete"]
    for name, typical_severity, upper in GRADES:
        assert grade_of(typical_severity) == grade_of(upper) == name
        assert patients.severity_of(name) == typical_severity
    assert grade_of(0.0) == "normal"


def test_recovery_comes_half_way_after_its_half_time() -> None:
    days = np.arange(0.0, 400.0, 10.0)
    severity = recovery(days, 0.9, 0.1, half_days=30.0)
    assert severity[0] == 0.9
    assert severity[3] == pytest.approx(0.5)
    assert (np.diff(severity) < 0).all()
    assert severity[-1] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("extent", "brow", "corner"), [("whole", True, True), ("upper", True, False), ("lower", False, True)]
)
def test_only_what_the_branches_drive_is_weak(extent: str, brow: bool, corner: bool) -> None:
    sick = make_palsy("subject_right", "complete", extent=extent)
    raised = looks("brow_raise", sick) - looks("brow_raise")
    smiled = looks("large_smile", sick) - looks("large_smile")
    assert (raised[BROW[0], 1] < -0.5) == brow
    assert (smiled[CORNER[0], 1] < -0.6) == corner
    assert -0.01 < raised[BROW[1], 1] < 0.4, "the other brow goes up as before, or more"


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_single_branch_moves_its_own_region_most(branch: str) -> None:
    where = dict(zip(BRANCHES, ("brow", "eye", "mouth", "mouth", "mouth"), strict=True))
    sick = make_palsy("subject_left", "complete", extent=branch)
    names = ("brow_raise", "gentle_closure", "large_smile", "lower_teeth")
    most: dict[str, float] = {}
    for name in names:
        for region, value in millimetres((looks(name, sick) - looks(name))[None]).items():
            most[region] = max(most.get(region, 0.0), float(value[0]))
    assert most.pop("palsy_mm") >= max(most.values())
    expected = most[f"palsy_mm_{where[branch]}"]
    assert expected > 0.8
    if branch != "zygomatic":  # it drives the smile as well as the lids
        assert expected == max(most.values())


def test_the_pucker_narrows_the_eyes_as_measured_on_patients() -> None:
    sick = make_palsy("subject_left", "moderate", kind="synkinetic")._replace(synkinesis=np.ones(1))
    meant = intend({"orbicularis_oris": 1.0})
    orbital = muscles.muscle_fields()[muscle_index("orbicularis_oculi_orbital")].copy()
    assert orbital.any()
    closed = 1.0 - (1.0 - 0.94 * act(meant, sick).closure[0]) / (1.0 - 0.94 * act(intend({}), sick).closure[0])
    rest = act(intend({}), sick).closure[0]
    assert closed[0] == pytest.approx(0.22, abs=0.01)
    assert 0.94 * (act(meant, sick).closure[0] - rest)[1] == pytest.approx(0.30, abs=0.01)
    healthy = gaps(moved(mean_face()[None], meant, no_palsy(1))[0]) / gaps(mean_face())
    np.testing.assert_allclose(healthy, 0.98, atol=0.005)
    without = act(meant, sick, Ingredients(synkinesis=False)).closure[0] - rest
    assert (0.94 * without < 0.03).all()


def test_a_synkinetic_eye_is_narrow_and_a_flaccid_one_stays_open() -> None:
    flaccid, late = (make_palsy("subject_right", "severe", kind=kind) for kind in ("flaccid", "synkinetic"))
    assert gaps(looks("rest", flaccid))[0] > gaps(looks("rest"))[0] > gaps(looks("rest", late))[0]
    assert gaps(looks("gentle_closure", flaccid))[0] > 5 * gaps(looks("gentle_closure"))[0]
    assert gaps(looks("large_smile", late))[0] < 0.7 * gaps(looks("rest", late))[0]


def test_a_central_palsy_spares_forehead_eye_and_felt_smile() -> None:
    central = make_palsy("subject_right", "severe", kind="central")
    lost = {name: act(typical(name, 1.0), central).efforts[0] for name in STANDARD}
    assert lost["brow_raise"][muscle_index("frontalis_medial"), 0] > 0.9
    asked = intend({"zygomaticus_major": 1.0}, name="large_smile")
    felt = intend({"zygomaticus_major": 1.0}, name="smile")
    efforts = [act(meant, central).efforts[0, muscle_index("zygomaticus_major"), 0] for meant in (asked, felt)]
    assert efforts[0] < 0.6 < efforts[1]


def test_the_mouth_goes_to_the_healthy_side_and_more_so_with_effort() -> None:
    for side, sign in (("subject_right", 1.0), ("subject_left", -1.0)):
        sick = make_palsy(side, "severe")
        rest, smile = (sign * (looks(name, sick) - looks(name))[0, 0] for name in ("rest", "large_smile"))
        assert 0.2 < rest < smile
        without = moved(mean_face()[None], typical("rest"), sick, Ingredients(contralateral_pull=False))[0]
        assert abs(without[0, 0]) < 0.12
    stronger = act(typical("large_smile"), make_palsy("subject_right", 1.0)).efforts[0]
    assert (stronger[muscle_index("zygomaticus_major"), 1] > typical("large_smile").efforts[0].max()).all()


def test_drawn_palsies_are_as_the_clinic_says() -> None:
    sick, extent = draw_palsies(np.random.default_rng(0), 4000)
    shares = [float((sick.kind == kind).mean()) for kind in KINDS]
    np.testing.assert_allclose(shares, patients.EVERYDAY.kinds, atol=0.03)
    assert set(extent) == set(EXTENTS)
    assert ((sick.branches >= 0) & (sick.branches <= 1)).all()
    assert (sick.branches[extent == "lower", 0] < 0.1).all()
    assert (sick.synkinesis[sick.kind != "synkinetic"] == 0).all()
    even, _ = draw_palsies(np.random.default_rng(0), 4000, patients.PHOTO_SETS)
    grades = [grade_of(value) for value in even.severity]
    assert min(grades.count(name) for name, _, _ in GRADES) > 600


def test_faces_are_symmetric_but_for_what_the_ingredient_adds() -> None:
    np.testing.assert_array_equal(mirror_field(mean_face()), mean_face())
    draws = [draw_identities(np.random.default_rng(1), 50, antisymmetric) for antisymmetric in (True, False)]
    np.testing.assert_allclose(mirror_field(draws[1]), draws[1], atol=1e-9)
    assert np.abs(mirror_field(draws[0]) - draws[0]).max() > 0.1
    symmetric = [(face + mirror_field(face)) / 2.0 for face in draws]
    np.testing.assert_allclose(symmetric[0], symmetric[1], atol=0.02)


@pytest.mark.parametrize(
    "name",
    ["instrument", "noise", "antisymmetric_identity", "rest_droop", "contralateral_pull", "pose", "synkinesis"],
)
def test_an_ingredient_left_out_changes_faces_but_no_draw(name: str) -> None:
    whole = simulate_faces(20, 20, 2, seed=6)
    less = simulate_faces(20, 20, 2, seed=6, ingredients=Ingredients(**{name: False}))
    assert not np.array_equal(whole.landmarks, less.landmarks)
    kept = ["movement", "weak_side", "kind", "extent", "severity", "distance_cm", "iod_px"]
    assert whole.frames[kept].equals(less.frames[kept])
    if name == "pose":
        assert (less.frames[["yaw", "pitch", "roll"]] == 0).all(axis=None)
    if name in ("rest_droop", "contralateral_pull", "synkinesis"):
        healthy = (whole.frames["group"] == "healthy").to_numpy()
        assert np.array_equal(whole.landmarks[healthy], less.landmarks[healthy]), "only the palsy's doing"


def test_standard_views_come_in_order_with_their_truth() -> None:
    faces = simulate_faces(3, 3, 10, seed=2, movement="standard")
    for _, rows in faces.frames.groupby("subject_id"):
        assert rows["movement"].tolist() == rows["sequence"].tolist() == list(STANDARD)
    seen = faces.frames.set_index("movement")
    assert seen.loc["nasal_base", "pitch"].min() > seen.loc["rest", "pitch"].max()
    healthy = seen[seen["group"] == "healthy"]
    smile = "effort_zygomaticus_major_subject_left"
    assert healthy.loc["large_smile", smile].min() > 0.4 > healthy.loc["brow_raise", smile].max()
    assert (healthy["grade"] == "normal").all()
    ill = faces.frames[faces.frames["group"] == "patient"]
    assert (ill["grade"] == [grade_of(value) for value in ill["severity"]]).all()
    regions = ill[[f"palsy_mm_{region}" for region in REGIONS]]
    assert (regions.max(axis=1) <= ill["palsy_mm"] + 1e-9).all()
    assert set(region_landmarks("mouth")) & set(region_landmarks("eye")) == set()


def test_a_time_course_rises_holds_and_falls() -> None:
    for fps in (30.0, 60.0):
        n = int(3 * fps)
        effort = time_course(n, fps)
        assert effort[0] == effort[-1] == 0.0
        assert effort.max() == 1.0
        assert (np.diff(effort[: effort.argmax()]) >= 0).all()
        late = time_course(n, fps, lag=0.2)
        np.testing.assert_allclose(late[int(0.2 * fps) :], effort[: n - int(0.2 * fps)], atol=1e-9)


def test_the_weak_side_of_a_sequence_moves_less_and_later() -> None:
    sick = make_palsy("subject_left", 0.6)
    ill, healthy = (simulate_sequence("large_smile", 90, 30.0, 5, who) for who in (sick, None))
    assert np.array_equal(ill.time, np.arange(90) / 30.0)
    lift = [np.abs(s.faces[:, CORNER, 1] - s.faces[0, CORNER, 1]) for s in (ill, healthy)]
    assert lift[0][:, 1].max() < 0.6 * lift[1][:, 1].max()
    half = [int((ill.effort[:, side] >= 0.5).argmax()) for side in (0, 1)]
    assert half[1] - half[0] == round(LAG * 0.6 * 30) == 2
    jitter = np.diff(ill.landmarks[:8, 61, 0]).std() / np.abs(ill.landmarks[0, 473, 0] - ill.landmarks[0, 468, 0])
    assert 0.0001 < jitter < 0.01, "the landmarker's points of a still face hardly move"
    again = simulate_sequence("large_smile", 90, 30.0, 5, sick)
    assert np.array_equal(ill.landmarks, again.landmarks)


def test_the_contact_sheet_shows_each_severity_by_movement(tmp_path) -> None:  # type: ignore[no-untyped-def]
    faces = show.sheet_faces("rest,large_smile")
    assert faces.shape == (len(show.ROWS), 2, N_LANDMARKS, 3)
    drop = faces[:5, 1, CORNER[1], 1] - faces[:5, 1, CORNER[0], 1]
    assert (np.diff(drop) > 0.05).all(), "the smile is the more uneven the worse the palsy"
    path = tmp_path / "sheet.png"
    show.show(path, "rest")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    drawn = show.sheet_pictures("large_smile")
    assert len(drawn) == len(show.ROWS)
    assert drawn[0][0].shape == (320, 292, 3)
    uneven = [float(np.abs(row[0].astype(float) - row[0][:, ::-1]).mean()) for row in drawn[:5]]
    assert uneven[4] > uneven[2] > uneven[0], "the worse the palsy, the less the picture is its own mirror image"
    for bad, message in ((tmp_path / "sheet.doc", "ends in .png"), (tmp_path / "none" / "a.png", "cannot write")):
        with pytest.raises(FacialisError, match=message):
            show.show(bad, "rest")
    with pytest.raises(CohortError, match="is a file; name a new folder"):
        simulate_cohort(path, 1, 1, 1)
