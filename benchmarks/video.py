"""How fast a video is followed: frames a second at 720p, by stage, and both running modes of the landmarker.

    python benchmarks/video.py [--frames N]

The film is made of the free portrait in scikit-image, moving to and fro before a wall, 1280 x 720 px. One process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from mediapipe import Image as MediaPipeImage
from mediapipe import ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray
from PIL import Image
from skimage.data import astronaut

from facialis import Detector
from facialis.detection.video import VideoOptions
from facialis.faces.assets import asset_path
from facialis.faces.videos import read_video


def film(path: Path, frames: int) -> None:
    """Write the film."""
    face = np.asarray(Image.fromarray(astronaut()[:360, 60:420]).resize((720, 720)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for k in range(frames):
            picture = np.full((720, 1280, 3), 90, np.uint8)
            x = int(280 + 60 * np.sin(k / 20))
            picture[:, x : x + 720] = face
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def told(title: str, work: Callable[[], object], frames: int) -> None:
    """Print how long a frame takes."""
    start = time.perf_counter()
    work()
    each = (time.perf_counter() - start) / frames
    print(f"| {title} | {1e3 * each:.1f} | {1 / each:.0f} |")


def landmarks(pictures: list[NDArray[np.uint8]], mode: vision.RunningMode, faces: int) -> NDArray[np.float64]:
    """Return the landmarks (n, 478, 2) in picture widths and heights, by MediaPipe itself."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=asset_path("face_landmarker").read_bytes()),
        num_faces=faces,
        running_mode=mode,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    found = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for k, rgb in enumerate(pictures):
            picture = MediaPipeImage(image_format=ImageFormat.SRGB, data=rgb)
            video = mode == vision.RunningMode.VIDEO
            result = landmarker.detect_for_video(picture, k * 33) if video else landmarker.detect(picture)
            found.append([(point.x, point.y) for point in result.face_landmarks[0]])
    return np.array(found)


def main() -> None:
    """Make the film, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300)
    n = parser.parse_args().frames
    with tempfile.TemporaryDirectory() as folder, Detector.load() as detector:
        path = Path(folder) / "film.mp4"
        film(path, n)
        pictures = [frame.rgb for frame in read_video(path, rate=1000)]
        print("| stage | ms a frame | frames a second |\n|---|---|---|")
        told("decoding to RGB", lambda: list(read_video(path, rate=1000)), n)
        jitter = []
        modes = (
            ("picture mode, 5 faces", vision.RunningMode.IMAGE, 5),
            ("running mode, 5 faces", vision.RunningMode.VIDEO, 5),
            ("running mode, 1 face (smoothed)", vision.RunningMode.VIDEO, 1),
        )
        for title, mode, faces in modes:
            kept: list[NDArray[np.float64]] = []
            told(f"landmarker, {title}", lambda m=mode, f=faces, k=kept: k.append(landmarks(pictures, m, f)), n)
            steps = np.diff(kept[0] * [1280, 720], axis=0)
            jitter.append((title, float((steps - steps.mean(axis=1, keepdims=True)).std())))
        for title, rate in (
            ("whole, every frame measured, six a second judged", 1000.0),
            ("whole, six frames a second", 6.0),
        ):
            told(title, lambda r=rate: detector.detect_video(path, options=VideoOptions(rate=r)), n)
        print(
            "\nJitter of a landmark from frame to frame, px: "
            + "; ".join(f"{title} {value:.2f}" for title, value in jitter)
        )


if __name__ == "__main__":
    main()
