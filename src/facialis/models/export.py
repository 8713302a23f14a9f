"""A trained net becomes an ONNX graph that any runtime can answer with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from facialis.files import atomic_path

OPSET = 18


def to_onnx(
    module: nn.Module,
    example: Tensor | Sequence[Tensor],
    path: Path | str,
    *,
    inputs: Sequence[str] = ("measures",),
    outputs: Sequence[str] = ("logits",),
    single: Sequence[str] = (),
) -> onnx.ModelProto:
    """Write a net as an ONNX graph with any number of rows, in one file.

    Parameters
    ----------
    module
        Takes one tensor (n, ...) an input and returns one an output; exported in eval mode, its training mode is left
        as it was.
    example
        Rows (k, ...) of the input, or of each; only the shapes and dtypes matter.
    path
        Where to write; nothing half-written is left there.
    inputs, outputs
        Their names; of an input, the modality's.
    single
        Inputs of one row, whatever the number of rows of the others.

    Notes
    -----
    The exporter writes the stack trace and source paths of the exporting machine into every node; they are taken out,
    so the graph is the same bytes wherever it is made.
    """
    examples = (example,) if isinstance(example, Tensor) else tuple(example)
    # an example of one row would fix the number of rows at one
    examples = tuple(
        part[:1].expand(1 if name in single else 2, *part.shape[1:]).contiguous()
        for name, part in zip(inputs, examples, strict=True)
    )
    rows = torch.export.Dim("n")
    was_training = module.training
    try:
        module.eval()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", message=".*shares the same shape constraints")
            program = torch.onnx.export(
                module,
                examples,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=tuple(None if name in single else {0: rows} for name in inputs),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                optimize=True,
                verbose=False,
            )
    finally:
        module.train(was_training)
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    strip(model)
    onnx.checker.check_model(model, full_check=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
    return model


def strip(model: onnx.ModelProto) -> None:
    """Remove notes that the exporter left: stack traces, names of classes, doc strings."""
    del model.metadata_props[:]
    model.doc_string = ""
    graph = model.graph
    graph.name, graph.doc_string = "facialis", ""
    del graph.metadata_props[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
