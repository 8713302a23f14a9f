"""Visits and changes: dates, repeats, what is real and what is chance, gaps, mixed persons. Faces are simulated."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np
import pytest
from PIL import Image

from facialis.cohorts.simulated.draw import draws, faces_of, interocular_cm
from facialis.cohorts.simulated.landmarker import reported
from facialis.cohorts.simulated.palsy import no_palsy
from facialis.cohorts.simulated.patients import PHOTO_SETS, make_palsy
from facialis.detection.bundle import Bundle
from facialis.detection.changes import Curve, Point, holm, judge_changes, quantile
from facialis.detection.finding import Finding
from facialis.detection.follow import Seen, follow, score_views
from facialis.detection.identity import FAR, PHOTOS, Shape, shape_of, strangers, unlike
from facialis.detection.number_errors import noisy_copies
from facialis.detection.reading import log_odds, logit_error
from facialis.detection.takes import NOT_SURE, NOT_TOLD, Quantity, take_views
from facialis.detection.visits import BAD_DATE, NO_DATE, TWO_DATES, dates_in, read_visits
from facialis.errors import PictureError
from facialis.faces.face import Face
from facialis.faces.geometry import head_pose

VIEWS = ("rest", "large_smile", "brow_raise", "tight_closure")
START = datetime.date(2026, 3, 1)


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=7 * number)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load()


def findings(  # all of them fit into one draw: visits times takes times views times people up to 256
    bundle: Bundle, visits: int, takes: int, severities, seed: int, pairs: int = 1
) -> list[list[Finding]]:
    """Return the findings of each person, a photo each: visits times takes times `VIEWS`."""
    frames = visits * takes * len(VIEWS)
    draw, errors = next(draws(pairs, frames, seed, movement=",".join(VIEWS), clinic=PHOTO_SETS))
    rows = np.flatnonzero(draw.pair < pairs)
    camera = draw.camera.take(rows)._replace(iod_px=np.full(len(rows), 90.0))
    draw = draw._replace(
        pair=draw.pair[rows], frame=draw.frame[rows], identity=draw.identity[rows],
        intended=draw.intended.take(rows), camera=camera,
    )  # fmt: skip
    ill = make_palsy("subject_left", 1.0, n=len(rows))
    each = np.repeat(np.asarray(severities, float), takes * len(VIEWS))[draw.frame]
    healthy, sick = faces_of(draw, no_palsy(len(rows))), faces_of(draw, ill)
    faces = healthy + each[:, None, None] * (sick - healthy)
    points, transforms = reported(faces, interocular_cm(draw.identity), draw.camera, errors)
    found = [one(bundle, p, t) for p, t in zip(points, transforms, strict=True)]
    return [found[person * frames : (person + 1) * frames] for person in range(pairs)]


def one(bundle: Bundle, points, transform) -> Finding:
    face = Face(points, np.zeros(52, np.float32), transform, (1, 1), "simulated")
    copies = noisy_copies(points, face.interocular_px, float(head_pose(transform)[0]))
    answers = bundle.answers(landmarks=copies, transform=np.broadcast_to(transform, (len(copies), 4, 4)))
    return Finding(
        "simulated", "judged", "", logit=float(log_odds(answers)[0]), logit_error=logit_error(answers), face=face,
        answers={name: array[0] for name, array in answers.items()},
    )  # fmt: skip


def seen_of(found: list[Finding], takes: int, *, without=lambda visit, view: False) -> list[Seen]:
    """Return photos by visit: the first `takes` photos of each view on the first date, and so on."""
    seen = []
    for number, finding in enumerate(found):
        visit, view = number // (takes * len(VIEWS)), VIEWS[number % len(VIEWS)]
        if not without(visit, view):
            seen.append(Seen(number + 1, day(visit), view, finding))
    return seen


def curve_of(course, name: str, view: str, side: str = "") -> Curve:
    return next(c for c in course.curves if (c.quantity.name, c.quantity.view, c.quantity.side) == (name, view, side))


# Dates ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dates"),
    [("2026-03-01", ["2026-03-01"]), ("20260301", ["2026-03-01"]), ("01.03.2026", ["2026-03-01"]),
     ("IMG_20260301_101112", ["2026-03-01"]), ("1.3.2026 rest", ["2026-03-01"]), ("2026_03_01", ["2026-03-01"]),
     ("01-03-2026", []), ("120260301", []), ("20261301", []), ("2026-02-30", []), ("smile", []),
     ("2026-03-01 or 2026-04-01", ["2026-03-01", "2026-04-01"]), ("2026-03-01, 20260301", ["2026-03-01"])],
)  # fmt: skip
def test_dates_are_read_and_never_guessed(text, dates):
    assert [str(date) for date in dates_in(text)] == dates


def test_folders_names_and_the_camera_give_dates(tmp_path):
    def put(name: str, taken: str | None = None, changed: str | None = None) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        exif = Image.Exif()
        if taken:
            exif[0x8769] = {36867: taken}
        if changed:
            exif[306] = changed
        Image.new("RGB", (8, 8)).save(path, exif=exif)

    put("2026-03-01/rest.jpg", taken="2020:01:01 10:00:00")
    put("large_smile 20260308.jpg")
    put("camera.jpg", taken="2026:03:15 10:00:00")
    put("edited.jpg", changed="2026:03:22 10:00:00")
    put("2026-03-01 2026-03-08.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xffnothing")
    pictures, left = read_visits(tmp_path)
    told = {picture.path.name: (str(picture.date), picture.dated_by, picture.view) for picture in pictures}
    assert told == {
        "rest.jpg": ("2026-03-01", "folder", "rest"),
        "large_smile 20260308.jpg": ("2026-03-08", "name", "large_smile"),
        "camera.jpg": ("2026-03-15", "camera", None),
    }
    assert {out.path.name: out.why for out in left} == {
        "edited.jpg": NO_DATE, "broken.jpg": NO_DATE, "2026-03-01 2026-03-08.jpg": TWO_DATES,
    }  # fmt: skip


def test_a_manifest(tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("path;date;view\na.jpg;01.03.2026;Large smile\nb.jpg;;\nc.jpg;soon;rest\n", encoding="utf-8")
    pictures, left = read_visits(manifest)
    assert [(p.path, str(p.date), p.view, p.dated_by) for p in pictures] == [
        (tmp_path / "a.jpg", "2026-03-01", "large_smile", "table")
    ]
    assert [(out.path.name, out.why) for out in left] == [("b.jpg", NO_DATE), ("c.jpg", BAD_DATE)]
    for text, message in (
        ("path,view\na,rest\n", "no column date"),
        ("path,date,view\na,2026-03-01,larg_smile\n", "line 2: unknown view 'larg_smile'; did you mean large_smile"),
        ("path,date,subject\na,2026-03-01,x\nb,2026-03-01,y\n", "of 2 people"),
        ("path,date\n,2026-03-01\n", "line 2: the path is empty"),
        ("path,date\n", "has no rows"),
    ):
        manifest.write_text(text, encoding="utf-8")
        with pytest.raises(PictureError, match=message):
            read_visits(manifest)
    manifest.write_bytes(b"path,date\n\xff\xfe,1\n")
    with pytest.raises(PictureError, match="not a CSV file in UTF-8"):
        read_visits(manifest)
    with pytest.raises(PictureError, match="expected a folder"):
        read_visits(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="no photos or videos"):
        read_visits(tmp_path / "empty")


# Changes --------------------------------------------------------------------------------------------------------------


def noise_curves(rng, quantities: int, visits: int, takes: int) -> tuple[list[Curve], list[datetime.date]]:
    """Return curves of pure noise of standard deviation 1, whose error is that of their own repeats."""
    from facialis.detection.follow import _repeats

    dates, curves = [day(n) for n in range(visits)], []
    for k in range(quantities):
        values = rng.normal(size=(visits, takes))
        sem, df, _ = _repeats(values.tolist())
        assert sem is not None
        points = tuple(Point(d, float(v.mean()), takes, sem / np.sqrt(takes), "repeats")
                       for d, v in zip(dates, values, strict=True))  # fmt: skip
        curves.append(Curve(Quantity(f"q{k}", "rest", "", "1"), points, (), None, sem, df, None, None))
    return curves, dates


@pytest.mark.parametrize("takes", [2, 4])
def test_noise_alone_is_called_real_as_often_as_stated(takes):
    rng, real, firm, families = np.random.default_rng(takes), [], [], []
    for _ in range(40):
        curves, dates = noise_curves(rng, 20, 3, takes)
        judged = judge_changes(curves, dates)
        changes = [[point.first for curve in judged for point in curve.points if point.date == d] for d in dates[1:]]
        real += [change.called == "real" for own in changes for change in own]
        firm += [change.firm for own in changes for change in own]
        families += [any(change.firm for change in own) for own in changes]
    assert np.mean(real) == pytest.approx(0.05, abs=0.012)  # nominal
    assert np.mean(firm) < 0.01
    assert np.mean(families) < 0.11  # 0.05, and chance over 80 visits


def test_few_repeats_ask_for_more():
    assert quantile(float("inf")) == pytest.approx(1.96, abs=1e-3)
    assert quantile(3) == pytest.approx(3.182, abs=1e-3)


def test_holm_steps_down():
    assert holm([0.01, 0.02, 0.04]) == [True, True, True]
    assert holm([0.02, 0.03, 0.04]) == [False, False, False]
    assert holm([]) == []


def test_simulated_noise_and_a_real_change(bundle):
    people = findings(bundle, 3, 1, [0.0, 0.0, 0.0], 3, pairs=8)
    courses = [follow(seen_of(found, 1), bundle) for found in people]
    real = sum(course.count("real") for course in courses) / sum(course.comparisons for course in courses)
    assert real < 0.12  # simulated, n of 8 people; nominal 0.05
    healed = follow(seen_of(findings(bundle, 3, 1, [0.9, 0.8, 0.0], 3)[0], 1), bundle)
    for name, view in (("log_odds", "set"), ("mouth_difference", "rest"), ("severity", "set")):
        last = curve_of(healed, name, view).points[-1]
        assert (last.first.called, last.first.firm) == ("real", True)
        assert abs(last.first.by) > last.first.sdc95
        assert last.first.since == day(0)
        assert last.before.since == day(1)
    assert curve_of(healed, "mouth_difference", "rest").points[0].first is None
    weak = curve_of(healed, "excursion", "large_smile", "subject_left").points
    assert weak[-1].value > weak[0].value


def test_repeats_tell_the_error_where_they_are_larger(bundle):
    found = findings(bundle, 2, 2, [0.0, 0.0], 5)[0]
    course = follow(seen_of(found, 2), bundle)
    curve = curve_of(course, "mouth_difference", "rest")
    from facialis.detection.photo_set_excursions import differences_at_rest, read_photo

    values = [differences_at_rest(read_photo(found[k].face), course.scale, bundle, iris=0.0)["mouth"]["value"]
              for k in (0, 4, 8, 12)]  # fmt: skip
    within = ((values[0] - values[1]) ** 2 + (values[2] - values[3]) ** 2) / 2
    assert curve.sem == pytest.approx(np.sqrt(within / 2), rel=1e-4)
    assert curve.df == 2
    assert curve.points[0].value == pytest.approx((values[0] + values[1]) / 2, abs=1e-4)
    assert curve.points[0].takes == 2
    larger = max((curve.sem, "repeats"), (curve.points[0].error * np.sqrt(2), curve.points[0].error_from))
    assert curve.points[0].error == pytest.approx(larger[0] / np.sqrt(2))
    assert set(course.visits[0].repeated) == set(VIEWS)


def test_the_iris_is_no_error_of_a_change(bundle):
    """A face with another iris has other millimetres, and the same changes in units of their error."""
    found = findings(bundle, 2, 1, [0.8, 0.0], 6)[0]
    course = follow(seen_of(found, 1), bundle)
    point = curve_of(course, "mouth_difference", "rest").points[0]
    from facialis.detection.number_errors import spread
    from facialis.detection.photo_set_excursions import read_photo
    from facialis.modalities.trajectories import CHANNELS

    values = read_photo(found[0].face).values
    noise = spread(values[:, CHANNELS.index("commissure_height_subject_right")]
                   - values[:, CHANNELS.index("commissure_height_subject_left")]) * course.scale  # fmt: skip
    assert point.error == pytest.approx(float(noise), rel=1e-3)


# Gaps -----------------------------------------------------------------------------------------------------------------


def test_a_missing_view_is_a_gap_and_the_score_is_of_the_same_views(bundle):
    found = findings(bundle, 4, 1, [0.6] * 4, 7)[0]
    course = follow(seen_of(found, 1, without=lambda visit, view: (visit, view) == (1, "large_smile")), bundle)
    assert course.visits[1].missing == ("large_smile",)
    assert curve_of(course, "excursion", "large_smile", "subject_left").gaps == (day(1),)
    # all four views at three visits (12) are worth as much as three views at four visits; more visits count
    assert set(course.score_views) == {"rest", "brow_raise", "tight_closure"}
    assert len(curve_of(course, "log_odds", "set").points) == 4
    without_rest = follow(seen_of(found, 1, without=lambda visit, view: (visit, view) == (2, "rest")), bundle)
    assert day(2) in curve_of(without_rest, "excursion", "brow_raise", "subject_left").gaps
    assert score_views(()) == ()


def test_abstained_photos_are_kept_apart(bundle):
    found = findings(bundle, 2, 1, [0.0, 0.0], 8)[0]
    seen = seen_of(found, 1)
    unfit = Finding("x", "abstained", "", reasons=("the face is too small",))
    seen += [Seen(100, day(0), "rest", unfit), Seen(101, day(2), "rest", unfit)]
    course = follow(seen, bundle)
    assert [each.number for each in course.visits[0].unfit] == [100]
    assert course.visits[2].takes == {}
    assert set(course.visits[2].missing) == set(VIEWS)
    assert follow([Seen(1, day(0), None, unfit)], bundle).curves == ()


def test_unnamed_views_are_recognised_or_left_out(bundle):
    found = findings(bundle, 1, 1, [0.0], 9)[0]
    takes, unused = take_views([(1, "rest", found[0]), (2, None, found[1]), (3, "nasal_base", found[0])], bundle)
    assert [take.number for take in takes["large_smile"]] == [2]
    assert takes["large_smile"][0].share > 0.8
    assert [(each.number, each.view) for each in unused] == [(3, "nasal_base")]
    takes, unused = take_views([(1, None, found[0])], bundle)  # alone: no rest to compare with
    assert takes or unused[0].why == NOT_SURE
    blind = Bundle.load()
    blind.card = dataclasses.replace(blind.card, movements=None, photo_set=None)
    for entry in ("photo_set", "movements"):
        blind.__dict__.pop(entry, None)
    assert take_views([(1, None, found[0])], blind)[1][0].why == NOT_TOLD
    course = follow(seen_of(found, 1), blind)
    assert course.score_views == ()
    assert curve_of(course, "excursion", "large_smile", "subject_left").healthy is None


# Identity -------------------------------------------------------------------------------------------------------------


def test_another_person_is_noticed_and_the_same_seldom(bundle):
    people = findings(bundle, 4, 2, [0.9, 0.5, 0.2, 0.0], 10, pairs=8)
    n = 2 * len(VIEWS)  # photos of a visit
    shapes = [[shape_of([each.face for each in found[k * n : (k + 1) * n]]) for k in range(4)] for found in people]
    mixed = [[*own[:3], other[3]] for own, other in zip(shapes, [*shapes[1:], shapes[0]], strict=True)]
    alarms = [k in strangers(own) for own in shapes for k in range(4)]
    assert np.mean(alarms) < 0.06  # simulated, 32 visits
    assert np.mean([3 in strangers(each) for each in mixed]) > 0.6  # simulated, 8 pairs of people
    course = follow(seen_of([*people[0][: 3 * n], *people[1][3 * n :]], 2), bundle)
    assert [visit.stranger for visit in course.visits] == [k in strangers(mixed[0]) for k in range(4)]
    assert course.visits[3].stranger


def test_shapes_are_held_against_what_their_number_of_photos_allows():
    flat = np.zeros((26, 2))
    for photos, far in zip(PHOTOS, FAR, strict=True):
        apart = Shape(flat + far / 1.0, photos)
        assert unlike(Shape(flat, photos), apart) == pytest.approx(1.0)
    assert shape_of([]) is None
    near, far_ = Shape(flat, 9), Shape(flat + 1.0, 9)
    assert strangers([near, near, far_, None]) == [2]
    assert strangers([near, far_]) == [0, 1]
    assert strangers([near]) == []
