"""What a bundle's graph may be: its inputs and outputs, and nothing that could run code or reach a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from facialis.errors import BundleError
from facialis.modalities.measures import MEASURES
from facialis.modalities.signed import SIGNED_MEASURES

if TYPE_CHECKING:
    import onnx

INPUTS: dict[str, tuple[int, ...]] = {
    "landmarks": (478, 3), "transform": (4, 4), "measures": (len(MEASURES),), "crop": (256, 256),
}  # fmt: skip
"""What a graph may ask for of each face: landmarks in px, the landmarker's head transform, the card's measures, and the
face's grey crop (0 to 255, see `facialis.modalities.crops`), which is one for all rows."""
OUTPUTS: dict[str, tuple[int, ...]] = {
    "logits": (2,), "side": (), "regions": (4,), "severity": (), "novelty": (), "measures": (len(MEASURES),),
    "signed": (len(SIGNED_MEASURES),),
}  # fmt: skip
"""What a graph may answer of each face; ``logits`` it must. See `facialis.models.detector_net.Answers`."""
_OWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")


def check_graph(graph: bytes, where: str) -> onnx.ModelProto:
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
        raise BundleError(f"{where} is not an ONNX graph ({error})") from error
    if model.functions or model.training_info:
        raise BundleError(f"{where} brings functions or training steps of its own; a bundle may not")
    for part in _messages(model):
        if isinstance(part, onnx.TensorProto) and (
            part.data_location == onnx.TensorProto.EXTERNAL or part.external_data
        ):
            raise BundleError(f"{where} refers to data in other files; a bundle holds all of its own")
        if isinstance(part, onnx.NodeProto) and part.domain not in _OWN_DOMAINS:
            raise BundleError(f"{where} uses the custom operator {part.domain}.{part.op_type}; only ONNX's own may run")
    for what, ports, known in (("asks for", model.graph.input, INPUTS), ("answers", model.graph.output, OUTPUTS)):
        for port in ports:
            wanted = known.get(port.name)
            shape = [dim.dim_value or dim.dim_param for dim in port.type.tensor_type.shape.dim]
            if (
                wanted is None
                or len(shape) != 1 + len(wanted)
                or any(isinstance(have, int) and have != want for have, want in zip(shape[1:], wanted, strict=True))
            ):
                raise BundleError(
                    f"{where} {what} {port.name} of shape {shape}; a face has "
                    + ", ".join(f"{name} {('n', *size)}" for name, size in known.items())
                    + " in this version of facialis; take a bundle that was trained with it"
                )
    if not model.graph.input or "logits" not in {port.name for port in model.graph.output}:
        raise BundleError(f"{where} must go from some of {', '.join(INPUTS)} to logits")
    return model


def from_on(graph: onnx.GraphProto, start: str, end: str) -> tuple[list[onnx.NodeProto], tuple[str, ...]]:
    """Return the nodes that make `end` where `start` is given, in order, and which inputs of the graph they still ask
    for beside it."""
    nodes, asked = _needed(graph, [end], given=start)
    return nodes, tuple(name for name in INPUTS if name in asked)


def only(model: onnx.ModelProto, outputs: Sequence[str]) -> onnx.ModelProto:
    """Return the part of a graph that some of its outputs need."""
    from onnx import helper

    graph = model.graph
    nodes, asked = _needed(graph, outputs)
    used = {name for node in nodes for name in node.input}
    part = helper.make_graph(
        nodes,
        "part",
        [port for port in graph.input if port.name in asked],
        [port for port in graph.output if port.name in outputs],
        [tensor for tensor in graph.initializer if tensor.name in used],
    )
    return helper.make_model(part, opset_imports=model.opset_import, ir_version=model.ir_version)


def _needed(graph: onnx.GraphProto, ends: Sequence[str], *, given: str = "") -> tuple[list[onnx.NodeProto], set[str]]:
    """Return the nodes that make `ends`, in order, and the names that they ask for beside constants and `given`."""
    maker = {name: number for number, node in enumerate(graph.node) for name in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    needed: set[int] = set()
    asked: set[str] = set()
    wanted = list(ends)
    while wanted:
        name = wanted.pop()
        if name in constants or name in (given, ""):
            continue
        if name not in maker:
            asked.add(name)
        elif maker[name] not in needed:
            needed.add(maker[name])
            wanted += graph.node[maker[name]].input
    return [graph.node[number] for number in sorted(needed)], asked


def _messages(message: Any) -> Iterator[Any]:
    """Yield all messages inside a protobuf message, however deep: nodes, tensors, branches, loop bodies."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if isinstance(value, Sequence) else (value,):
                yield inner
                yield from _messages(inner)
