"""Copies weights of a Keras network into a PyTorch one, layer by layer."""

import keras
import numpy as np


def randomize(network, seed=0):
    """Weights as after some training: nothing is zero, one or symmetric."""
    rng = np.random.default_rng(seed)
    draws = {
        "kernel": lambda shape: 0.02 * rng.normal(size=shape),
        "bias": lambda shape: 0.1 * rng.normal(size=shape),
        "gamma": lambda shape: 1.0 + 0.2 * rng.normal(size=shape),
        "beta": lambda shape: 0.2 * rng.normal(size=shape),
        "moving_mean": lambda shape: 0.1 * rng.normal(size=shape),
        "moving_variance": lambda shape: rng.uniform(0.5, 2.0, shape),
    }
    for weight in network.weights:
        weight.assign(draws[_kind(weight)](weight.shape))


def copy_weights(network, module):
    """Both in the order of their forward pass; fails on any left over."""
    import torch

    tensors = {
        "kernel": "weight",
        "bias": "bias",
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    layers = [layer for layer in network.layers if layer.weights]
    modules = [m for m in module.modules() if list(m.parameters(False))]
    if len(layers) != len(modules):
        # Norms without affine weights may still have statistics.
        modules = [m for m in module.modules() if _has_state(m)]
    assert len(layers) == len(modules)
    for layer, target in zip(layers, modules):
        own = {
            name: tensor
            for name, tensor in target.state_dict().items()
            if name != "num_batches_tracked"
        }
        assert len(layer.weights) == len(own), (layer.name, list(own))
        for weight in layer.weights:
            value = keras.ops.convert_to_numpy(weight)
            if value.ndim == 4:
                # (h, w, in, out) -> (out, in, h, w); transposed convolutions
                # swap the channels in both libraries. Depthwise ones have no
                # input channels but one, and in Keras the other way round.
                is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                value = value.transpose(
                    (2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1)
                )
            tensor = own[tensors[_kind(weight)]]
            assert tuple(tensor.shape) == value.shape, layer.name
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(value.copy()))


def _kind(weight):
    return weight.path.rsplit("/", 1)[-1]


def _has_state(module):
    return not list(module.children()) and bool(module.state_dict())


def forward(module, images):
    """NHWC in, NHWC out, in inference mode."""
    import torch

    with torch.no_grad():
        outputs = module.eval()(
            torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        )
    return outputs.numpy().transpose(0, 2, 3, 1)
