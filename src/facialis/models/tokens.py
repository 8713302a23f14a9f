"""The frozen part of an encoder run once a picture; its tokens are kept beside the cohort for all folds and studies."""

from __future__ import annotations

import hashlib
import io
import math
import mmap
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from facialis.errors import FacialisError, WeightsError
from facialis.files import locked
from facialis.modalities.crops import ten_crops
from facialis.models.encoders import Encoder
from facialis.models.estimator import autocast
from facialis.progress import bar

CropsMode = Literal["centre", "ten"]
CENTRE = 4
"""Place of the centre crop among the ten."""


def frozen_tokens(
    encoder: Encoder,
    crops: NDArray[np.uint8],
    crops_mode: CropsMode,
    folder: Path | str,
    *,
    dtype: str = "float16",
    batch_size: int = 32,
    device: str = "cpu",
    precision: str = "float32",
) -> NDArray[Any]:
    """Return the frozen part's tokens of each crop (n, 1 or 10, *token_shape), memory-mapped; computed where missing.

    The file is named by the content of the crops, the frozen weights, the crops' mode and the dtype. A run that was
    killed goes on at the picture where it stopped.

    Parameters
    ----------
    crops
        (n, 256, 256) uint8 grey, face crops or line-segment images.
    crops_mode
        ``centre`` keeps the middle 224×224, ``ten`` also the corners and all five mirrored.
    folder
        Where to keep the file: the cohort's ``derived``, for tokens are derived from faces.
    dtype
        ``float16`` or ``float32``. Before its last block Mixer-B/16 takes 0.30 MB a crop in float16, its embedding
        1.5 kB. With EfficientNet-Lite0's published weights float16 moved the logits of a random head by 0.0003 at most,
        where they spread by 0.15 (160 crops of 16 simulated faces), last block or head alone trained; with Mixer-B/16
        at random weights by 0.00003 of 0.04 (120 crops of one portrait).

    precision
        ``float32``, or ``mixed``: bfloat16 where torch holds it safe (`facialis.models.estimator.autocast`).

    Raises
    ------
    WeightsError
        The tokens do not fit in float16.
    """
    folder = Path(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = _key(encoder, crops, crops_mode, dtype if precision == "float32" else f"{dtype} {precision}")
    path = folder / f"tokens-{encoder.spec.name}-{crops_mode}-{key[:16]}.npy"
    if not path.exists():
        with locked(folder / f".{path.name}.lock", f"another process is computing {path}; wait until it is done"):
            if not path.exists():
                _compute(encoder, crops, crops_mode, path, dtype, max(1, batch_size), device, precision)
    tokens: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return tokens


def tokens_at_once(
    encoder: Encoder,
    crops: NDArray[np.uint8],
    crops_mode: CropsMode,
    *,
    dtype: str = "float16",
    device: str = "cpu",
    precision: str = "float32",
) -> NDArray[Any]:
    """Return the same tokens of pictures that are asked about once: nothing is kept on disk."""
    encoder.to(device)
    n_crops = 10 if crops_mode == "ten" else 1
    pictures = max(1, 32 // n_crops)
    parts = [
        _tokens(encoder, _cut(crops[start : start + pictures], crops_mode), dtype, device, precision)
        for start in range(0, len(crops), pictures)
    ]
    return np.concatenate(parts).reshape(len(crops), n_crops, *encoder.token_shape)


def _key(encoder: Encoder, crops: NDArray[np.uint8], crops_mode: str, numbers: str) -> str:
    digest = hashlib.sha256(f"1 {encoder.frozen_hash} {crops.shape} {crops_mode} {numbers}".encode())
    for start in range(0, len(crops), 256):
        digest.update(np.ascontiguousarray(crops[start : start + 256]).tobytes())
        _let_go(crops)
    return digest.hexdigest()


def _compute(
    encoder: Encoder,
    crops: NDArray[np.uint8],
    crops_mode: str,
    path: Path,
    dtype: str,
    batch_size: int,
    device: str,
    precision: str,
) -> None:
    n_crops = 10 if crops_mode == "ten" else 1
    row_shape = (n_crops, *encoder.token_shape)
    row_bytes = math.prod(row_shape) * np.dtype(dtype).itemsize
    header = _header((len(crops), *row_shape), dtype)
    partial = path.with_name(f".{path.name}.partial")
    pictures = max(1, batch_size // n_crops)
    encoder.to(device)
    try:
        partial.touch(mode=0o600)
        with partial.open("r+b") as file, bar(f"{encoder.spec.name}, frozen part", len(crops)) as advance:
            done = max(0, partial.stat().st_size - len(header)) // row_bytes
            file.write(header)
            file.seek(len(header) + done * row_bytes)
            file.truncate()
            advance(done)
            for start in range(done, len(crops), pictures):
                grey = _cut(crops[start : start + pictures], crops_mode)
                file.write(_tokens(encoder, grey, dtype, device, precision).tobytes())
                file.flush()
                advance(len(grey))
                _let_go(crops)
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise FacialisError(f"cannot write {path}: {error.strerror or error}") from error


def _let_go(array: NDArray[Any]) -> None:
    """Give back the pages that a memory-mapped file has loaded: of many pictures they would be most of the memory."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)


def _header(shape: tuple[int, ...], dtype: str) -> bytes:
    file = io.BytesIO()
    facts = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


def _tokens(encoder: Encoder, grey: NDArray[np.uint8], dtype: str, device: str, precision: str) -> NDArray[Any]:
    batch = torch.from_numpy(grey).to(device).float().div_(255.0)
    with autocast(device, precision):
        tokens = encoder.frozen(batch.flatten(0, 1).unsqueeze(1)).float().cpu().numpy()
    with np.errstate(over="ignore"):
        stored: NDArray[Any] = tokens.astype(dtype)
    if not np.isfinite(stored).all():
        raise WeightsError(
            f"tokens of {encoder.spec.name} reach {np.abs(tokens).max():.3g}, too large for {dtype};"
            " set image.token_dtype to float32, or give other weights"
        )
    return stored


def _cut(crops: NDArray[np.uint8], crops_mode: str) -> NDArray[np.uint8]:
    ten = ten_crops(np.asarray(crops))
    return np.ascontiguousarray(ten if crops_mode == "ten" else ten[:, CENTRE : CENTRE + 1])
