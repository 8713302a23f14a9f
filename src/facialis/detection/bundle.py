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
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from facialis.detection.graph import INPUTS, OUTPUTS, check_graph, from_on, only
from facialis.detection.reference import LEVELS, Reference
from facialis.errors import BundleError, FacialisError
from facialis.files import write_text
from facialis.modalities.measures import COORDINATES, DEFINITIONS, MEASURES, ORIGINS
from facialis.modalities.movements import MovementModel
from facialis.modalities.photo_sets import SetModel
from facialis.modalities.video_evidence import VideoModel

T = TypeVar("T")

FORMAT = 2
LABELS = ("no palsy", "palsy")
OF_COPIES = ("logits", "measures", "signed")
"""Answers of the graph whose spread over a face's noisy copies is an error that is told."""
MAX_GRAPH_BYTES = 512 * 1024 * 1024
MAX_CARD_BYTES = 1024 * 1024
_GRAPH, _CARD, _SUMS = "model.onnx", "card.json", "SHA256SUMS"
QUANTILES = tuple(str(level) for level in LEVELS)


@dataclass(frozen=True)
class Card:
    """What must be known of a model to use it and to trust it.

    Attributes
    ----------
    name
        Short name of the model.
    input
        What ``measures`` are: ``definition``, ``coordinates``, ``origin`` (``picture`` where it is not said), and
        ``pose_corrected``; see `facialis.modalities.measures.measure`.
    photo_set
        A `facialis.modalities.photo_sets.SetModel` for what this graph says of photo sets; None where there is none.
    movements
        A `facialis.modalities.movements.MovementModel`; None where movements are not known.
    video
        A `facialis.modalities.video_evidence.VideoModel` for what this graph says of videos with movement in them;
        None: a video's finding is the mean of its frames' answers.
    logit_noise
        Of a graph that reads a crop: the standard deviation of the log odds when the crop is cut otherwise, ``sd`` at
        ``iod_px`` between the irises, with ``n`` and ``basis``; None where it is not known.
    labels
        The logits' order; always ``("no palsy", "palsy")``.
    threshold
        Probability, at even odds, from which a face is called palsy.
    uncertain
        Two probabilities, at even odds, about the threshold: between them a finding is uncertain.
    novelty_limit
        Largest ``novelty`` of a face that is judged; None where the graph does not tell it.
    threshold_basis
        How the threshold was chosen, on what, with n.
    trained_on
        The training cohort in words, its hash, numbers of subjects and frames, whether it was simulated, and seeds.
    results
        Figures with n and interval, each called simulated where it is.
    reference
        A `facialis.detection.reference.Reference` of healthy faces: the 29 measures without their sign first (see
        `facialis.modalities.asymmetry.without_sign`), then the signed measures' sizes and millimetres by name.
    licence
        Licence of the weights.
    program
        Program and version that made the bundle.
    format
        Version of the bundle's format.
    """

    name: str
    input: dict[str, Any]
    threshold: float
    threshold_basis: str
    trained_on: dict[str, Any]
    results: dict[str, Any]
    reference: dict[str, Any]
    licence: str
    program: str
    uncertain: tuple[float, float] = (0.0, 1.0)
    novelty_limit: float | None = None
    photo_set: dict[str, Any] | None = None
    movements: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    logit_noise: dict[str, Any] | None = None
    labels: tuple[str, str] = LABELS
    format: int = FORMAT


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
        card = _parse_card(text, folder)
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


def _parse_card(text: bytes, folder: Path) -> Card:
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise BundleError(
                f"{folder}: the bundle has format {values['format']}, this program reads {FORMAT}; "
                "install the facialis release that its card names"
            )
        card = Card(**{**values, "labels": tuple(values["labels"]), "uncertain": tuple(values["uncertain"])})
        wrong = _wrong_entry(card)
    except (ValueError, KeyError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Card))
        raise BundleError(f"{folder}: {_CARD} is not a card ({error}); it must have {names}") from error
    if wrong:
        raise BundleError(f"{folder}: {_CARD}: {wrong}")
    return card


def _is_noise(table: dict[str, Any]) -> bool:
    px, sd = (np.asarray(table[name], dtype=np.float64) for name in ("iod_px", "sd"))
    whole = px.ndim == 1 and px.shape == sd.shape and len(px) > 0 and bool(np.isfinite([px, sd]).all())
    return whole and bool((sd >= 0).all() and px[0] > 0 and (np.diff(px) > 0).all())


def _wrong_entry(card: Card) -> str:
    """Return what is wrong with a card's entries, empty when nothing is."""
    quantiles = np.asarray([card.reference["quantiles"][q] for q in QUANTILES], dtype=np.float64)
    checks = {
        f"labels must be {LABELS}": card.labels == LABELS,
        "the threshold must lie between 0 and 1": 0 < card.threshold < 1,
        "uncertain must be two probabilities about the threshold": (
            len(card.uncertain) == 2 and 0 <= card.uncertain[0] <= card.threshold <= card.uncertain[1] <= 1
        ),
        "logit_noise must have a standard deviation sd of at least 0 for each of its iod_px, which increase": (
            card.logit_noise is None or _is_noise(card.logit_noise)
        ),
        "novelty_limit must be a positive number or null": card.novelty_limit is None or card.novelty_limit > 0,
        f"input must have a definition of {DEFINITIONS}": card.input["definition"] in DEFINITIONS,
        f"input must have coordinates of {COORDINATES}": card.input["coordinates"] in COORDINATES,
        f"input must have an origin of {ORIGINS}": card.input.get("origin", "picture") in ORIGINS,
        "input must say whether it is pose_corrected": isinstance(card.input["pose_corrected"], bool),
        f"reference must have finite numbers for each of the quantiles {', '.join(QUANTILES)}, one for each of its "
        f"names, the {len(MEASURES)} measures first": (
            quantiles.ndim == 2
            and quantiles.shape[1] == len(card.reference["names"])
            and card.reference["names"][: len(MEASURES)] == [entry.name for entry in MEASURES]
            and bool(np.isfinite(quantiles).all())
        ),
        "reference must say n and of": {"n", "of"} <= set(card.reference),
        "trained_on must have a description, and say whether it was simulated": (
            {"description", "simulated"} <= set(card.trained_on)
        ),
        "results must be a table of names and figures": isinstance(card.results, dict),
    }
    return next((text for text, right in checks.items() if not right), "")
