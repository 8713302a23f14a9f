"""Several photos of one person: views by name and recognised, what is missing, and the finding."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from facialis.app.detect_set import detect_sets
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.photo_set import view_of
from facialis.errors import PictureError
from facialis.faces.geometry import undo_pose
from facialis.modalities.movements import recognise
from facialis.modalities.photo_sets import FEATURES, Discriminant, counted, features_of, gains
from facialis.modalities.trajectories import channels
from facialis.modalities.views import TOLD, VIEWS


@pytest.mark.parametrize(
    ("name", "view"),
    [("brow_raise.png", "brow_raise"), ("x/Anna-Large-Smile 2.jpg", "large_smile"),
     ("Normals/Normal4/Normal4_1.JPG", "rest"),
     ("Mild/mild_8.jpg", "lower_teeth"), ("Anna/IMG_1.jpg", None), ("IMG_2041.jpg", None),
     ("9.png", None), ("photo.png", None)],
)  # fmt: skip
def test_a_view_by_the_name_of_its_file(name, view):
    assert view_of(name) == view


def test_the_simulated_plan_has_these_views():
    assert tuple(dict.fromkeys(simulate_faces(1, 1, 10, 0, movement="standard").frames["sequence"])) == VIEWS


def test_a_missing_feature_is_left_out_exactly():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 3))
    x = rng.normal(size=(40000, 3)) @ mixing
    y = rng.random(40000) < 0.5
    x[y] += [1.0, 0.5, -0.5]
    whole, part = Discriminant.fit(x, y, shrinkage=0.0), Discriminant.fit(x[:, :2], y, shrinkage=0.0)
    row = np.array([0.3, -0.2, np.nan])
    assert whole.log_odds(row) == pytest.approx(part.log_odds(row[:2]), abs=1e-6)
    known = np.array([True, True, False])
    assert whole.weights(known) == pytest.approx(part.weights(known[:2]), abs=1e-6)
    assert whole.log_odds(np.full(3, np.nan)) == 0.0


def test_every_missing_view_costs_something_and_the_smile_most_beside_rest():
    model = Bundle.load().photo_set
    assert model is not None
    found = gains(model, ["rest"])
    assert set(found) == set(TOLD) - {"rest"}
    assert all(gain > -0.02 for gain in found.values())  # counted on 1,000 simulated sets, so chance plays in
    assert sum(found.values()) > 0.1
    assert counted(model, ["rest"]).auc < counted(model, list(TOLD)).auc
    assert counted(model, []).auc == 0.5
    assert max(found, key=found.get) in ("large_smile", "small_closed_smile", "lower_teeth", "nose_wrinkle")


def test_views_are_recognised_far_above_chance():
    model = Bundle.load().movements
    assert model is not None
    faces = simulate_faces(30, 30, len(TOLD), 77, movement=",".join(TOLD))
    values = channels(undo_pose(faces.landmarks.astype(float), faces.transforms)).reshape(60, len(TOLD), -1)
    views, rest = np.arange(len(TOLD)), list(TOLD).index("rest")

    def right(rest):
        return np.mean([recognise(person, model, rest).argmax(axis=1) == views for person in values])

    alone = np.mean([recognise(photo[None], model).argmax() for photo in values.reshape(-1, 23)] == np.tile(views, 60))
    # simulated; chance is 0.11
    assert alone > 0.65
    assert right(None) > 0.75
    assert right(rest) > 0.9


def test_sets_of_a_healthy_person_and_of_two_patients_on_disk(astronaut, astronaut_face, tmp_path):
    people = {"healthy": astronaut}
    for side in ("subject_left", "subject_right"):
        people[side] = palsy_twin(astronaut, astronaut_face, 1.0, side)
    for name, picture in people.items():
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "large_smile.png")
        Image.fromarray(picture).save(tmp_path / name / "IMG.png")
    (tmp_path / "healthy" / "rest.jpg").write_bytes(b"no picture")
    rows = {row["source"].rsplit("/", 1)[-1]: row for row in detect_sets([str(tmp_path)])}
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows["healthy"]["label"] == "no palsy"
    assert [left["photo"].rsplit("/", 1)[-1] for left in rows["healthy"]["left_out"]] == ["rest.jpg"]
    for side in ("subject_left", "subject_right"):
        assert (rows[side]["label"], rows[side]["side"]) == ("palsy", side)
        named, recognised = sorted(rows[side]["views"], key=lambda view: view["known_by"])
        assert (named["view"], recognised["known_by"]) == ("large_smile", "recognised")
        assert len(rows[side]["missing_views"]) == len(TOLD) - 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="a set is a folder"):
        list(detect_sets([str(tmp_path / "none")]))
    with pytest.raises(PictureError, match="no p"):
        list(detect_sets([str(tmp_path / "empty")]))


def test_features_of_no_view_are_all_missing():
    palsy, side, regions = features_of({})
    assert np.isnan(palsy).all()
    assert palsy.shape == (len(FEATURES),)
    assert side.shape == (len(TOLD),)
    assert regions.shape == (4, len(TOLD))
