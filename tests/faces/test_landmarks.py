from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from facialis.errors import AssetError
from facialis.faces.geometry import head_pose, iris_centres
from facialis.faces.landmarks import FaceLandmarker


def test_portrait(landmarker, astronaut, astronaut_face):
    face = astronaut_face
    assert face.landmarks.shape == (478, 3)
    assert face.blendshapes.shape == (52,)
    assert face.size == astronaut.shape[:2]
    assert 40 < face.interocular_px < 46
    right, left = iris_centres(face.landmarks)
    assert right[0] < left[0]  # the subject's right lies on image left
    assert np.abs(head_pose(face.transform)[0]) < 5
    again = landmarker.detect(astronaut)[0]
    np.testing.assert_array_equal(face.landmarks, again.landmarks)  # one picture does not change the next


def test_yaw_is_positive_when_the_nose_points_to_image_right(landmarker, astronaut):
    mirrored = landmarker.detect(np.ascontiguousarray(astronaut[:, ::-1]))[0]
    face = landmarker.detect(astronaut)[0]
    roll, mirrored_roll = head_pose(face.transform)[2], head_pose(mirrored.transform)[2]
    assert roll * mirrored_roll < 0
    for found in (face, mirrored):  # the pitch does not change sides
        assert -25 < head_pose(found.transform)[1] < -8


def test_several_faces_come_largest_first(landmarker, astronaut):
    small = cv2.resize(astronaut, (384, 384), interpolation=cv2.INTER_AREA)[:256, 100:300]
    both = np.zeros((256, 500, 3), np.uint8)
    both[:, :200] = small
    both[:, 200:] = astronaut[:256, 80:380]
    faces = landmarker.detect(both)
    assert len(faces) == 2
    assert faces[0].interocular_px > 1.2 * faces[1].interocular_px


def test_no_face(landmarker):
    assert landmarker.detect(np.full((100, 140, 3), 128, np.uint8)) == []


def test_a_file_that_is_no_model(tmp_path):
    wrong = tmp_path / "face_landmarker.task"
    wrong.write_bytes(b"no model")
    with pytest.raises(AssetError, match=r"face_landmarker\.task"):
        FaceLandmarker(wrong)


@pytest.mark.parametrize("ending", ["", "landmarker.close()"])
def test_a_program_ends_silently(ending):
    program = (
        "from facialis import FaceLandmarker\nfrom skimage.data import astronaut\n"
        "landmarker = FaceLandmarker()\nprint(len(landmarker.detect(astronaut())))\n"
    )
    done = subprocess.run([sys.executable, "-c", program + ending], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)
