"""A PyTorch module from the steps that `export.benchmark.layer_list` wrote.

Images have channels first inside, and weights PyTorch's order. What goes in and
comes out has channels last, as in the files that it is measured beside.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

_ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


class TorchNetwork(torch.nn.Module):
    """The network in a folder of `export.benchmark.layer_list`.

    Args:
        folder: The folder.
    """

    def __init__(self, folder):
        super().__init__()
        folder = Path(folder)
        document = json.loads((folder / "steps.json").read_text())
        self.input_names = list(document["inputs"])
        self._inputs = document["inputs"]
        self._steps = _merge_crops(document["steps"], document["output"])
        self._output = document["output"]
        arrays = np.load(folder / "weights.npz")
        for i, step in enumerate(self._steps):
            for key, name in step["weights"].items():
                tensor = torch.from_numpy(_reorder(arrays[name], step["kind"]))
                self.register_buffer(f"weight_{i}_{key}", tensor)

    def forward(self, *inputs):
        """Answers tensors in the order of `input_names`."""
        values = {}
        for name, x in zip(self._inputs.values(), inputs):
            values[name] = x.permute(0, 3, 1, 2) if x.ndim == 4 else x
        for i, step in enumerate(self._steps):
            weights = {
                key: getattr(self, f"weight_{i}_{key}")
                for key in step["weights"]
            }
            arguments = [values[name] for name in step["inputs"]]
            x = _STEPS[step["kind"]](arguments, weights, step)
            if "activation" in step:
                x = _ACTIVATIONS[step["activation"]](x)
            values[step["output"]] = x
        x = values[self._output]
        return x.permute(0, 2, 3, 1).contiguous() if x.ndim == 4 else x


def _reorder(array, kind):
    if array.ndim == 4:  # (h, w, in, out), transposed: (h, w, out, in)
        return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
    if array.ndim == 2:
        return np.ascontiguousarray(array.T)
    return array


def _merge_crops(steps, output):
    """Crops as part of the transposed convolution, as PyTorch writes it."""
    uses = [name for step in steps for name in step["inputs"]] + [output]
    merged = []
    for step in steps:
        before = merged[-1] if merged else {"kind": None}
        if (
            step["kind"] == "crop"
            and before["kind"] == "transposed_convolution"
            and before["activation"] == "linear"
            and step["inputs"] == [before["output"]]
            and uses.count(before["output"]) == 1
        ):
            for axis, (first, last) in enumerate(step["sides"]):
                before["before"][axis] += first
                before["after"][axis] += last
            before["output"] = step["output"]
        else:
            merged.append(step)
    return merged


def _convolution(inputs, weights, step):
    (x,) = inputs
    before, after = step["before"], step["after"]
    padding = before
    if before != after:
        x = F.pad(x, (before[1], after[1], before[0], after[0]))
        padding = 0
    return F.conv2d(
        x,
        weights["kernel"],
        weights.get("bias"),
        tuple(step["strides"]),
        padding if padding == 0 else tuple(padding),
        tuple(step["dilation"]),
    )


def _transposed_convolution(inputs, weights, step):
    before, after = step["before"], step["after"]
    strides = step["strides"]
    extra = [first - last for first, last in zip(before, after)]
    fits = all(0 <= x < stride for x, stride in zip(extra, strides))
    x = F.conv_transpose2d(
        inputs[0],
        weights["kernel"],
        weights.get("bias"),
        tuple(strides),
        tuple(before) if fits else 0,
        tuple(extra) if fits else 0,
    )
    return x if fits else _cut(x, zip(before, after))


def _cut(x, sides):
    (top, bottom), (left, right) = sides
    return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]


def _dense(inputs, weights, step):
    return F.linear(inputs[0], weights["kernel"], weights.get("bias"))


def _group_norm(inputs, weights, step):
    (x,) = inputs
    gamma, beta = weights.get("gamma"), weights.get("beta")
    if step["groups"] == x.shape[1]:
        return F.instance_norm(x, None, None, gamma, beta, eps=step["epsilon"])
    return F.group_norm(x, step["groups"], gamma, beta, step["epsilon"])


def _batch_norm(inputs, weights, step):
    return F.batch_norm(
        inputs[0],
        weights["mean"],
        weights["variance"],
        weights.get("gamma"),
        weights.get("beta"),
        eps=step["epsilon"],
    )


def _leaky_relu(inputs, weights, step):
    (x,) = inputs
    # Compilers know the plain one better.
    return F.leaky_relu(x, step["slope"]) if step["slope"] else F.relu(x)


def _pad(inputs, weights, step):
    (top, bottom), (left, right) = step["sides"]
    return F.pad(inputs[0], (left, right, top, bottom))


def _reflect(inputs, weights, step):
    height, width = step["padding"]
    return F.pad(inputs[0], (width, width, height, height), mode="reflect")


def _reshape(inputs, weights, step):
    (x,) = inputs
    if x.ndim == 4:
        x = x.permute(0, 2, 3, 1)
    x = x.reshape(x.shape[0], *step["shape"])
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _one_hot(inputs, weights, step):
    x = inputs[0].reshape(-1).long()
    return F.one_hot(x, step["num_classes"]).float()


_STEPS = {
    "activation": lambda x, weights, step: x[0],
    "add": lambda x, weights, step: sum(x[1:], x[0]),
    "batch_norm": _batch_norm,
    "concatenate": lambda x, weights, step: torch.cat(x, dim=1),
    "convolution": _convolution,
    "crop": lambda x, weights, step: _cut(x[0], step["sides"]),
    "dense": _dense,
    "group_norm": _group_norm,
    "identity": lambda x, weights, step: x[0],
    "leaky_relu": _leaky_relu,
    "one_hot": _one_hot,
    "pad": _pad,
    "pixel_shuffle": lambda x, weights, step: F.pixel_shuffle(x[0], 2),
    "reflect": _reflect,
    "repeat": lambda x, weights, step: F.interpolate(
        x[0], scale_factor=tuple(map(float, step["size"])), mode="nearest"
    ),
    "reshape": _reshape,
    "transposed_convolution": _transposed_convolution,
}
