"""A trained net becomes an ONNX graph that any runtime can answer with."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from facialis.files import atomic_path

OPSET = 18


def to_onnx(module: nn.Module, example: Tensor, path: Path | str, *, input_name: str = "measures") -> onnx.ModelProto:
    """Write a net as an ONNX graph of one input and ``logits``, with any number of rows, in one file.

    Parameters
    ----------
    module
        Takes (n, d) float32 and returns logits (n, 2); exported in eval mode, its training mode is left as it was.
    example
        Rows (k, d) float32; only the shape and dtype matter.
    path
        Where to write; nothing half-written is left there.
    input_name
        Name of the input, the modality's.

    Notes
    -----
    The exporter writes the stack trace and source paths of the exporting machine into every node; they are taken out,
    so the graph is the same bytes wherever it is made.
    """
    rows = max(2, len(example))  # an example of one row would fix the number of rows at one
    example = example[:1].expand(rows, -1).contiguous()
    was_training = module.training
    try:
        module.eval()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=FutureWarning)
            program = torch.onnx.export(
                module,
                (example,),
                input_names=[input_name],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
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
