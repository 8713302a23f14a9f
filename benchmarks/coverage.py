"""Does the stated error cover what the landmarker's noise does? Pictures shifted, scaled, turned and compressed.

    python benchmarks/coverage.py [--pictures FOLDER] [--videos FOLDER]

Every picture (by default the free portrait in scikit-image, as it is and with a simulated palsy on either side) is
brought to several distances between the eyes, and each of these is changed a little 24 times: shifted by up to 4 px,
scaled by up to 3 %, turned by up to 2 degrees, JPEG quality 50 to 95. Of each number the table gives the standard
deviation over the changes, the mean stated error, and how often a change lies within 1.96 stated errors of the
changes' mean (95 % are asked for; more means that the error is overstated). With --videos the same for excursions:
each film changed as a whole 8 times. Millimetres are held without the iris's spread among people, which no change of
the picture shows.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.data import astronaut

from facialis import Detector
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.millimetres import IRIS_SPREAD
from facialis.detection.video import detect_frames
from facialis.faces.images import read_picture
from facialis.faces.sources import list_sources
from facialis.faces.videos import VideoFrame, read_video

Picture = NDArray[np.uint8]
SIZES = (25, 35, 50, 90, 150)
SHOWN = (
    "logit", "brow_height_difference", "palpebral_fissure_height_difference", "oral_commissure_height_difference",
    "oral_commissure_distance_difference", "mouth_midline_deviation", "oral_commissure_height_subject_left",
)  # fmt: skip


def changed(rgb: Picture, rng: np.random.Generator, scale: float = 1.0) -> Picture:
    """Return the picture changed a little, brought to `scale` on the way."""
    height, width = rgb.shape[:2]
    angle, grown = np.radians(rng.uniform(-2, 2)), scale * rng.uniform(0.97, 1.03)
    out = (max(64, round(width * scale)), max(64, round(height * scale)))
    cos, sin = np.cos(angle) / grown, np.sin(angle) / grown
    shift = rng.uniform(-4, 4, 2)
    x, y = out[0] / 2 + shift[0], out[1] / 2 + shift[1]
    matrix = (cos, sin, width / 2 - cos * x - sin * y, -sin, cos, height / 2 + sin * x - cos * y)
    small = scale < 0.7
    image = Image.fromarray(rgb)
    if small:  # a picture that is made smaller is smoothed first, as a camera would
        image = image.reduce(max(1, int(1 / scale / 1.4))) if scale < 0.36 else image
        factor = width / image.width
        matrix = tuple(value / factor for value in matrix)
    turned = image.transform(out, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    turned.save(file, "JPEG", quality=int(rng.integers(50, 96)))
    return np.asarray(Image.open(file))


def row(title: str, values: NDArray[np.float64], errors: NDArray[np.float64]) -> str:
    """Return a line of the table: spread, stated error, coverage."""
    inside = np.abs(values - values.mean(axis=1, keepdims=True)) < 1.96 * errors
    return f"| {title} | {values.std(axis=1, ddof=1).mean():.3f} | {errors.mean():.3f} | {inside.mean():.2f} |"


def still(detector: Detector, pictures: list[Picture], changes: int) -> None:
    """Print the table of photos."""
    print("| px between the eyes, number | standard deviation | stated error | covered |\n|---|---|---|---|")
    for size in SIZES:
        values, errors = defaultdict(list), defaultdict(list)
        for number, rgb in enumerate(pictures):
            scale = size / detector.landmarker.detect(rgb)[0].interocular_px
            found: dict[str, list[tuple[float, float]]] = defaultdict(list)
            rng = np.random.default_rng([size, number])
            for _ in range(changes):
                picture = changed(rgb, rng, scale)
                for face in detector.landmarker.detect(picture)[:1]:
                    finding = detector.judge(face, picture, twice=False)
                    if finding.logit is None or finding.numbers is None:
                        continue
                    found["logit"].append((finding.logit, finding.logit_error or 0.0))
                    for name in SHOWN[1:]:
                        n = finding.numbers["millimetres"][name]
                        noise = np.sqrt(max(n.error**2 - (IRIS_SPREAD * n.value) ** 2, 0.0))
                        found[name].append((n.value, float(noise)))
            for name, pairs in found.items():
                if len(pairs) >= changes // 2:
                    values[name].append(np.resize([pair[0] for pair in pairs], changes))
                    errors[name].append(np.resize([pair[1] for pair in pairs], changes))
        for name in SHOWN:
            if name in values:
                print(
                    row(
                        f"{size}, {name.replace('_', ' ')} ({len(values[name])})",
                        np.array(values[name]),
                        np.array(errors[name]),
                    )
                )


def moving(detector: Detector, folder: Path) -> None:
    """Print the table of excursions."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for source in list_sources([folder]):
        frames = list(read_video(source.path, rate=30))
        for change in range(8):
            alike = [
                VideoFrame(frame.index, frame.time, changed(frame.rgb, np.random.default_rng([change, 7])))
                for frame in frames
            ]
            whole = detect_frames(detector, alike, source.name)[-1]
            events: tuple[dict[str, Any], ...] = whole.video.events if whole.video else ()
            for event in events:
                for side, n in event["excursion_mm"].items():
                    noise = np.sqrt(max(n["error"] ** 2 - (IRIS_SPREAD * n["value"]) ** 2, 0.0))
                    middle = round((event["start"] + event["end"]) / 2 / 1.25)
                    found[f"{source.name} {event['movement']} {middle} {side}"].append((n["value"], float(noise)))
    print("| excursion, mm (film and side) | standard deviation | stated error | covered |\n|---|---|---|---|")
    kinds = sorted({name.split()[1] for name in found})
    for kind in kinds:
        many = [np.resize(pairs, (8, 2)) for name, pairs in found.items() if name.split()[1] == kind and len(pairs) > 4]
        if many:
            table = np.array(many)
            print(row(f"{kind.replace('_', ' ')} ({len(many)})", table[..., 0], table[..., 1]))


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="folder of photos of one face each")
    parser.add_argument("--videos", type=Path, help="folder of videos of one face each")
    parser.add_argument("--changes", type=int, default=24)
    args = parser.parse_args()
    with Detector.load(force=True) as detector:
        if args.pictures:
            pictures = [read_picture(source.path) for source in list_sources([args.pictures])]
        else:
            face = detector.landmarker.detect(astronaut())[0]
            sides = ("subject_left", "subject_right")
            pictures = [astronaut(), *(palsy_twin(astronaut(), face, 0.7, side) for side in sides)]
        still(detector, pictures, args.changes)
        if args.videos:
            print()
            moving(detector, args.videos)


if __name__ == "__main__":
    main()
