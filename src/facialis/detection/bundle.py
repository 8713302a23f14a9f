"""A trained detector as data: an ONNX graph, a JSON card beside it, and the hashes of both.

A bundle is a folder of three files. ``model.onnx`` goes from some of `facialis.detection.graph.INPUTS` to ``logits``
and as many more of its `OUTPUTS` as it knows; ``card.json`` is the `Card`; ``SHA256SUMS`` (as ``sha256sum`` writes it)
covers both, and its own hash is the bundle's. Nothing in a bundle can run code or reach a file: operators beyond
ONNX's own, functions and external data are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from facialis.detection.card import Card, read_card
from facialis.detection.graph import INPUTS, OUTPUTS, check_graph, from_on, only
from facialis.detection.reference import Reference
from facialis.errors import BundleError, FacialisError
from facialis.files import write_text
from facialis.modalities.movements import MovementModel
from facialis.modalities.photo_sets import SetModel
from facialis.modalities.video_evidence import VideoModel

T = TypeVar("T")

OF_COPIES = ("logits", "measures", "signed")
"""Answers of the graph whose spread over a face's noisy copies is an error that is told."""
MAX_GRAPH_BYTES = 512 * 1024 * 1024
MAX_CARD_BYTES = 1024 * 1024
_GRAPH, _CARD, _SUMS = "model.onnx", "card.json", "SHA256SUMS"


class Bundle:
    """A bundle that was read and found whole: its card, its hash, and its graph ready to run on ONNX Runtime."""

    def __init__(self, card: Card, graph: bytes, digest: str) -> None:
        self.card = card
        self.hash = digest
        self.graph = graph

    @classmethod
    def load(cls, path: Path | str | None = None) -> Self:
        """Read a bundle's folder, or the one that comes with the package.

        Raises
        ------
        BundleError
            A file is missing, was changed, is of another format, or the graph asks for what a bundle may not do.
        """
        if path is None:
            with as_file(files("facialis.detection").joinpath("default.bundle")) as folder:
                return cls._read(folder)
        return cls._read(Path(path))

    @classmethod
    def _read(cls, folder: Path) -> Self:
        if not folder.is_dir():
            raise BundleError(f"{folder}: no such bundle; a bundle is a folder with {_GRAPH}, {_CARD} and {_SUMS}")
        graph = _read_member(folder, _GRAPH, MAX_GRAPH_BYTES)
        text = _read_member(folder, _CARD, MAX_CARD_BYTES)
        sums = _read_member(folder, _SUMS, 4096)
        expected = _sums(graph, text).splitlines()
        given = sums.decode("utf-8", "replace").splitlines()
        for name, want, have in zip((_CARD, _GRAPH), expected, [*given, "", ""], strict=False):
            if want != have:
                raise BundleError(
                    f"{folder}: {name} was changed since the bundle was made (its SHA-256 is not the one in {_SUMS}); "
                    "get the bundle again from where it came"
                )
        if sums != _sums(graph, text).encode():
            raise BundleError(f"{folder}: {_SUMS} was changed; get the bundle again from where it came")
        card = read_card(text, folder)
        check_graph(graph, f"{folder}: {_GRAPH}")
        return cls(card, graph, hashlib.sha256(sums).hexdigest())

    @classmethod
    def write(cls, folder: Path | str, card: Card, graph: bytes) -> Self:
        """Write a bundle into a new or existing folder, and read it back."""
        folder = Path(folder)
        if (folder / "cohort.json").exists():
            raise FacialisError(f"{folder}: holds a cohort; give a new folder for the bundle")
        check_graph(graph, f"{folder}: {_GRAPH}")
        text = (json.dumps(asdict(card), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _SUMS).unlink(missing_ok=True)  # a bundle half-written is a bundle without sums
            (folder / _GRAPH).write_bytes(graph)
            (folder / _CARD).write_bytes(text)
        except OSError as error:
            raise FacialisError(f"cannot write {folder}: {error.strerror or error}") from error
        write_text(folder / _SUMS, _sums(graph, text))
        return cls.load(folder)

    @cached_property
    def _session(self) -> Any:
        return self._start(self.graph)

    def _start(self, graph: bytes) -> Any:
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # where it was loaded before us
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own without a common public base
            raise self._cannot_run(error) from error

    def _cannot_run(self, error: Exception) -> BundleError:
        return BundleError(f"the bundle {self.card.name} cannot be run: {str(error).splitlines()[0]}")

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the graph asks for, of `INPUTS`."""
        return tuple(put.name for put in self._session.get_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the graph answers, of `OUTPUTS`."""
        return tuple(put.name for put in self._session.get_outputs())

    @property
    def by_measures(self) -> bool:
        """Whether the logits follow from the measures alone."""
        return self.label_reads == ("measures",)

    @property
    def label_reads(self) -> tuple[str, ...]:
        """What the logits follow from, of `INPUTS`, where the measures are given: they come first if they count."""
        return self.head[1]

    @cached_property
    def reference(self) -> Reference:
        """Healthy faces, as the card has them."""
        return Reference.from_card(self.card.reference)

    @cached_property
    def photo_set(self) -> SetModel | None:
        """What the card knows of photo sets; a `BundleError` if its entry cannot be read."""
        return self._entry("photo_set", SetModel.from_dict)

    @cached_property
    def movements(self) -> MovementModel | None:
        """What the card knows of movements; a `BundleError` if its entry cannot be read."""
        return self._entry("movements", MovementModel.from_dict)

    @cached_property
    def video(self) -> VideoModel | None:
        """What the card knows of videos; a `BundleError` if its entry cannot be read."""
        return self._entry("video", VideoModel.from_dict)

    def crop_noise(self, iod_px: float) -> float:
        """Return the standard deviation of the log odds by how a face of this size is cut out; 0 where not known."""
        table = self.card.logit_noise
        return 0.0 if table is None else float(np.interp(np.log(iod_px), np.log(table["iod_px"]), table["sd"]))

    def _entry(self, name: str, read: Callable[[dict[str, Any]], T]) -> T | None:
        table = getattr(self.card, name)
        if table is None:
            return None
        try:
            return read(table)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"the bundle {self.card.name}: {name} cannot be read ({error})") from error

    def answers(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
        """Return what the graph says of n faces: each of `OUTPUTS` that it has, (n, ...).

        Parameters
        ----------
        inputs : arrays (n, ...) by name; those that the graph does not ask for are left.
        """
        return self._run(self._session, {name: inputs[name] for name in self.inputs})

    def answers_with_copies(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
        """Return what the graph says of a face and of its noisy copies (rows 1 and on), as `answers`.

        Of the copies only `OF_COPIES`: their other answers cost most and are not asked for, so those have one row.
        """
        first = {name: array[:1] for name, array in inputs.items()}
        answers = self.answers(**first)
        session, needed = self._of_copies
        copies = self._run(session, {name: inputs[name][1:] for name in needed})
        return answers | {name: np.concatenate([answers[name], copies[name]]) for name in copies}

    @cached_property
    def _of_copies(self) -> tuple[Any, tuple[str, ...]]:
        """Return the part of the graph that is asked of noisy copies, and what that needs."""
        import onnx

        outputs = [put.name for put in self._session.get_outputs() if put.name in OF_COPIES]
        session = self._start(only(onnx.load_model_from_string(self.graph), outputs).SerializeToString())
        return session, tuple(put.name for put in session.get_inputs())

    def logits(self, measures: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return (n, 2) logits, no palsy and palsy, for (n, 29) measures.

        Raises
        ------
        BundleError
            The graph reads more than the measures.
        """
        if not self.by_measures:
            raise BundleError(f"the bundle {self.card.name} cannot be asked by measures alone: it reads more of a face")
        return self.logits_given(measures=measures)

    def logits_given(self, **inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Return (n, 2) logits where what the label reads is given each for itself, the measures too: `label_reads`.

        Parameters
        ----------
        inputs : arrays (n, ...) by name; a ``crop`` may be one for all.
        """
        session, asked = self._head
        return self._run(session, {name: inputs[name] for name in asked})["logits"]

    def _run(self, session: Any, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
        names = [put.name for put in session.get_outputs()]
        given = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in inputs.items()}
        n = max(len(array) for array in given.values())
        try:
            found = session.run(names, given)
        except Exception as error:  # as in `_start`
            raise self._cannot_run(error) from error
        answers = {name: np.asarray(array, dtype=np.float64) for name, array in zip(names, found, strict=True)}
        for name, array in answers.items():
            wanted = (n, *OUTPUTS[name])
            if array.shape != wanted or not np.isfinite(array).all():
                raise BundleError(
                    f"the bundle {self.card.name} gave {array.shape} numbers as {name}, or some that are not finite; "
                    f"{wanted} finite ones were expected"
                )
        return answers

    @cached_property
    def _head(self) -> tuple[Any, tuple[str, ...]]:
        """Return the part of the graph that makes the logits with the measures given, and what it asks for."""
        graph, asked = self.head
        return (self._session if graph is self.graph else self._start(graph)), asked

    @cached_property
    def head(self) -> tuple[bytes, tuple[str, ...]]:
        """The part of the graph that makes the logits with the measures given, and what it asks for, of `INPUTS`."""
        import onnx

        model = onnx.load_model_from_string(self.graph)
        nodes, rest = from_on(model.graph, "measures", "logits")
        counts = any("measures" in node.input for node in nodes)
        asked = (("measures",) if counts else ()) + tuple(name for name in rest if name != "measures")
        if set(asked) == set(self.inputs):
            return self.graph, asked
        used = {name for node in nodes for name in node.input}
        single = {put.name for put in model.graph.input if put.type.tensor_type.shape.dim[0].dim_value == 1}
        part = onnx.helper.make_graph(
            nodes,
            "measures to logits",
            [
                onnx.helper.make_tensor_value_info(
                    name, onnx.TensorProto.FLOAT, [1 if name in single else "n", *INPUTS[name]]
                )
                for name in asked
            ],
            [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", 2])],
            [tensor for tensor in model.graph.initializer if tensor.name in used],
        )
        made = onnx.helper.make_model(part, opset_imports=model.opset_import, ir_version=model.ir_version)
        return made.SerializeToString(), asked


def _sums(graph: bytes, card: bytes) -> str:
    pairs = ((card, _CARD), (graph, _GRAPH))
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for data, name in pairs)


def _read_member(folder: Path, name: str, limit: int) -> bytes:
    try:
        if (folder / name).stat().st_size > limit:
            raise BundleError(f"{folder}: {name} is larger than {limit} bytes; a bundle is not")
        return (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder}: {name} cannot be read ({error.strerror or error})") from error
