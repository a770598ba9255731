"""Writes an .onnx file of the layers that `export.benchmark.layer_list` wrote.

python -m export.benchmark.onnx_file FOLDER FILE
"""

import json
import sys
from pathlib import Path

import torch

from export.benchmark.torch_network import TorchNetwork
from export.benchmark.worker import draw


def main(folder, path):
    network = TorchNetwork(folder).eval()
    document = json.loads((Path(folder) / "steps.json").read_text())
    inputs = draw(document["specs"])
    torch.onnx.export(
        network,
        tuple(torch.from_numpy(inputs[x]) for x in network.input_names),
        path,
        input_names=network.input_names,
        dynamo=True,
        verbose=False,
        external_data=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
