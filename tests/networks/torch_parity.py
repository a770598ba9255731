"""What comparisons of networks with PyTorch have in common."""

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


def _kind(weight):
    return weight.path.rsplit("/", 1)[-1]


def forward(module, images):
    """NHWC in, NHWC out, in inference mode."""
    import torch

    with torch.no_grad():
        outputs = module.eval()(
            torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        )
    return outputs.numpy().transpose(0, 2, 3, 1)
