"""Crops and line images: frame, grey, the ten crops, and that both show the same face."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from facialis.errors import PictureError
from facialis.faces.geometry import mirror
from facialis.faces.mesh import CONTOURS
from facialis.modalities.crops import crop, crop_frame, ten_crops
from facialis.modalities.lines import line_image

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def landmarks() -> np.ndarray:
    return np.load(FIXTURES / "astronaut_landmarks.npz")["landmarks"]


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return data.astronaut()


def in_crop(landmarks: np.ndarray, size: tuple[int, int] = (512, 512)) -> np.ndarray:
    left, top, right, bottom = crop_frame(landmarks, size)
    return (landmarks[:, :2] - (left, top)) / (right - left, bottom - top) * 256


def test_frame_goes_through_the_four_edges(landmarks):
    frame = crop_frame(landmarks, (512, 512))
    expected = (landmarks[127, 0], landmarks[10, 1], landmarks[356, 0], landmarks[152, 1])
    np.testing.assert_allclose(frame, expected)


def test_frame_of_turned_and_mirrored_faces(landmarks):
    frame = crop_frame(landmarks, (512, 512))
    mirrored = crop_frame(mirror(landmarks, 512), (512, 512))
    np.testing.assert_allclose(mirrored, (512 - frame[2], frame[1], 512 - frame[0], frame[3]))
    quarter = landmarks[:, [1, 0]] * [-1, 1] + [512, 0]  # a quarter turn
    left, top, right, bottom = crop_frame(quarter, (512, 512))
    np.testing.assert_allclose((left, top, right, bottom), (512 - frame[3], frame[0], 512 - frame[1], frame[2]))


def test_frame_ends_at_the_border(landmarks):
    moved = landmarks - [200, 90, 0]
    left, top, right, bottom = crop_frame(moved, (60, 40))
    assert (left, top, right, bottom) == (0, 0, 40, 60)
    dark = np.zeros((60, 40, 3), np.uint8)
    assert crop(dark, moved).shape == line_image(moved, (60, 40)).shape == (256, 256)


@pytest.mark.parametrize("shift", [(-400, 0), (0, 900), (-270.0, 0)])
def test_face_outside_the_picture_is_refused(landmarks, picture, shift):
    outside = landmarks + np.array([*shift, 0])
    with pytest.raises(PictureError, match="less than a pixel in a picture of 512 x 512 px; expected"):
        crop(picture, outside)
    with pytest.raises(PictureError, match="less than a pixel"):
        line_image(outside, (512, 512))


def test_crop_samples_where_the_frame_says(landmarks):
    ramp = np.repeat(np.arange(512, dtype=np.float64)[:, None], 512, axis=1)
    left, top, right, bottom = crop_frame(landmarks, (512, 512))
    centres = (np.arange(256) + 0.5) / 256
    for values, expected in (
        (ramp.T - 160, np.broadcast_to(left + centres * (right - left) - 0.5 - 160, (256, 256))),
        (ramp, np.broadcast_to((top + centres * (bottom - top) - 0.5)[:, None], (256, 256))),
    ):
        rgb = np.clip(values, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
        assert np.abs(crop(rgb, landmarks) - expected).max() < 1.0


def test_crop_of_a_large_picture_is_antialiased(landmarks):
    stripes = np.zeros((5120, 5120, 3), np.uint8)
    stripes[:, ::2] = 255
    grey = crop(stripes, landmarks * 10)
    assert np.abs(grey.astype(int) - 127).max() < 12


def test_grey_weights(landmarks):
    for colour, expected in (((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((9, 9, 9), 9)):
        flat = np.full((512, 512, 3), colour, np.uint8)
        assert (crop(flat, landmarks) == expected).all()


def test_crop_of_the_mirrored_picture_is_the_mirrored_crop(landmarks, picture):
    grey = crop(picture, landmarks)
    mirrored = crop(picture[:, ::-1], mirror(landmarks, 512))
    assert grey.shape == (256, 256)
    assert grey.dtype == np.uint8
    assert grey.std() > 30
    assert np.abs(mirrored[:, ::-1].astype(int) - grey).max() <= 2


def test_crop_shows_the_face(landmarks, picture):
    grey = crop(picture, landmarks).astype(float)
    x, y = in_crop(landmarks)[[468, 473, 205, 425, 13]].astype(int).T
    irises, cheeks, teeth = grey[y, x][:2], grey[y, x][2:4], grey[y[4] + 12, x[4]]
    assert irises.max() < cheeks.min() - 50
    assert teeth > 150


def test_ten_crops_are_torchvisions():
    transforms = pytest.importorskip("torchvision.transforms")
    torch = pytest.importorskip("torch")
    images = np.random.default_rng(0).integers(0, 256, (2, 256, 256), dtype=np.uint8)
    expected = torch.stack(transforms.TenCrop(224)(torch.from_numpy(images)), dim=1).numpy()
    np.testing.assert_array_equal(ten_crops(images), expected)


def test_ten_crops_by_hand():
    image = np.arange(256 * 256).reshape(256, 256)
    crops = ten_crops(image)
    assert crops.shape == (10, 224, 224)
    assert crops[:5, 0, 0].tolist() == [0, 32, 32 * 256, 32 * 256 + 32, 16 * 256 + 16]
    assert crops[5:, 0, 0].tolist() == [255, 223, 32 * 256 + 255, 32 * 256 + 223, 16 * 256 + 239]
    assert ten_crops(np.zeros((3, 1, 256, 256), np.uint8)).shape == (3, 1, 10, 224, 224)
    with pytest.raises(ValueError, match=r"images of shape \(100, 256\); expected"):
        ten_crops(np.zeros((100, 256)))


def test_lines_lie_on_the_contours(landmarks):
    image = line_image(landmarks, (512, 512))
    assert image.shape == (256, 256)
    assert image.dtype == np.uint8
    assert set(np.unique(image)) == {0, 255}
    assert 0.02 < (image > 0).mean() < 0.15
    points = in_crop(landmarks)
    for name, edges in CONTOURS.items():
        middles = np.array([(points[i] + points[j]) / 2 for i, j in edges]).astype(int)
        inside = middles[((middles >= 1) & (middles < 255)).all(axis=1)]
        assert len(inside) > len(edges) / 2, name
        for x, y in inside:
            assert image[y - 1 : y + 2, x - 1 : x + 2].any(), name
    for x, y in points[[205, 425, 151]].astype(int):  # cheeks and forehead
        assert not image[y - 4 : y + 5, x - 4 : x + 5].any()


def test_lines_of_the_mirrored_face_are_mirrored(landmarks):
    image = line_image(landmarks, (512, 512)) > 0
    mirrored = line_image(mirror(landmarks, 512), (512, 512))[:, ::-1] > 0
    assert (image & mirrored).sum() > 0.6 * (image | mirrored).sum()  # drawn lines are a pixel off at most
    grown = np.zeros_like(image)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            grown |= np.roll(image, (dy, dx), axis=(0, 1))
    assert not (mirrored & ~grown)[2:-2, 2:-2].any()


def test_lines_do_not_depend_on_the_pictures_size(landmarks):
    np.testing.assert_array_equal(
        line_image(landmarks.astype(float) * 4, (2048, 2048)), line_image(landmarks.astype(float), (512, 512))
    )


def test_lines_of_a_face_far_larger_than_the_picture(landmarks):
    huge = (landmarks - [225, 120, 0]) * 1e6
    assert line_image(huge, (3, 3)).shape == (256, 256)
