"""A trained detector as data: an ONNX graph, a JSON card beside it, and the hashes of both.

A bundle is a folder of three files. ``model.onnx`` goes from the inputs that the card names to logits; ``card.json`` is
the `Card`; ``SHA256SUMS`` (as ``sha256sum`` writes it) covers both, and its own hash is the bundle's. Nothing in a
bundle can run code or reach a file: operators beyond ONNX's own, functions and external data are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from facialis.errors import BundleError, FacialisError
from facialis.files import write_text
from facialis.modalities.measures import COORDINATES, DEFINITIONS, MEASURES

if TYPE_CHECKING:
    import onnx

FORMAT = 1
LABELS = ("no palsy", "palsy")
MAX_GRAPH_BYTES = 512 * 1024 * 1024
MAX_CARD_BYTES = 1024 * 1024
_GRAPH, _CARD, _SUMS = "model.onnx", "card.json", "SHA256SUMS"
QUANTILES = ("0.05", "0.5", "0.95")
_OWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")


@dataclass(frozen=True)
class Card:
    """What must be known of a model to use it and to trust it.

    Attributes
    ----------
    name
        Short name of the model.
    input
        What the graph's input ``measures`` holds: ``definition``, ``coordinates``, and ``pose_corrected``.
    labels
        The logits' order; always ``("no palsy", "palsy")``.
    threshold
        Probability from which a face is called palsy.
    threshold_basis
        How the threshold was chosen, on what, with n.
    trained_on
        The training cohort in words, its hash, numbers of subjects and frames, whether it was simulated, and seeds.
    results
        Figures with n and interval, each called simulated where it is.
    reference
        ``quantiles``: for 5, 50 and 95 %, the 29 measures of the training cohort's healthy faces without their sign
        (see `facialis.modalities.asymmetry.without_sign`); ``n`` faces; ``of`` what they are.
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
    labels: tuple[str, str] = LABELS
    format: int = FORMAT


class Bundle:
    """A bundle that was read and found whole: its card, its hash, and its graph ready to run on ONNX Runtime."""

    def __init__(self, card: Card, graph: bytes, digest: str) -> None:
        self.card = card
        self.hash = digest
        self._graph = graph

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
        check_graph(graph, folder)
        return cls(card, graph, hashlib.sha256(sums).hexdigest())

    @classmethod
    def write(cls, folder: Path | str, card: Card, graph: bytes) -> Self:
        """Write a bundle into a new or existing folder, and read it back."""
        folder = Path(folder)
        check_graph(graph, folder)
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
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own without a common public base
            raise BundleError(f"the bundle {self.card.name} cannot be run: {str(error).splitlines()[0]}") from error

    def logits(self, measures: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return (n, 2) logits, no palsy and palsy, for (n, 29) measures."""
        outputs = self._session.run(["logits"], {"measures": np.asarray(measures, dtype=np.float32)})
        logits = np.asarray(outputs[0], dtype=np.float64)
        if logits.shape != (len(measures), 2) or not np.isfinite(logits).all():
            raise BundleError(
                f"the bundle {self.card.name} gave {logits.shape} numbers, or some that are not finite, for "
                f"{len(measures)} faces; two finite logits a face were expected"
            )
        return logits


def check_graph(graph: bytes, where: Path | str) -> onnx.ModelProto:
    """Refuse a graph with external data, operators beyond ONNX's own, local functions, or other inputs and outputs.

    Raises
    ------
    BundleError
        What is wrong, naming `where`.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(graph)
    except (DecodeError, ValueError) as error:
        raise BundleError(f"{where}: {_GRAPH} is not an ONNX graph ({error})") from error
    if model.functions or model.training_info:
        raise BundleError(f"{where}: {_GRAPH} brings functions or training steps of its own; a bundle may not")
    for part in _messages(model):
        if isinstance(part, onnx.TensorProto) and (
            part.data_location == onnx.TensorProto.EXTERNAL or part.external_data
        ):
            raise BundleError(f"{where}: {_GRAPH} refers to data in other files; a bundle holds all of its own")
        if isinstance(part, onnx.NodeProto) and part.domain not in _OWN_DOMAINS:
            raise BundleError(
                f"{where}: {_GRAPH} uses the custom operator {part.domain}.{part.op_type}; only ONNX's own may run"
            )
    inputs, outputs = [i.name for i in model.graph.input], [o.name for o in model.graph.output]
    if inputs != ["measures"] or outputs != ["logits"]:
        raise BundleError(f"{where}: {_GRAPH} goes from {inputs} to {outputs}, not from measures to logits")
    return model


def _messages(message: Any) -> Iterator[Any]:
    """Yield all messages inside a protobuf message, however deep: nodes, tensors, branches, loop bodies."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if isinstance(value, Sequence) else (value,):
                yield inner
                yield from _messages(inner)


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
        card = Card(**{**values, "labels": tuple(values["labels"])})
        wrong = _wrong_entry(card)
    except (ValueError, KeyError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Card))
        raise BundleError(f"{folder}: {_CARD} is not a card ({error}); it must have {names}") from error
    if wrong:
        raise BundleError(f"{folder}: {_CARD}: {wrong}")
    return card


def _wrong_entry(card: Card) -> str:
    """Return what is wrong with a card's entries, empty when nothing is."""
    quantiles = np.asarray([card.reference["quantiles"][q] for q in QUANTILES], dtype=np.float64)
    checks = {
        f"labels must be {LABELS}": card.labels == LABELS,
        "the threshold must lie between 0 and 1": 0 < card.threshold < 1,
        f"input must have a definition of {DEFINITIONS}": card.input["definition"] in DEFINITIONS,
        f"input must have coordinates of {COORDINATES}": card.input["coordinates"] in COORDINATES,
        "input must say whether it is pose_corrected": isinstance(card.input["pose_corrected"], bool),
        f"reference must have {len(MEASURES)} finite numbers for each of the quantiles {', '.join(QUANTILES)}": (
            quantiles.shape == (len(QUANTILES), len(MEASURES)) and bool(np.isfinite(quantiles).all())
        ),
        "reference must say n and of": {"n", "of"} <= set(card.reference),
        "trained_on must have a description, and say whether it was simulated": (
            {"description", "simulated"} <= set(card.trained_on)
        ),
        "results must be a table of names and figures": isinstance(card.results, dict),
    }
    return next((text for text, right in checks.items() if not right), "")
