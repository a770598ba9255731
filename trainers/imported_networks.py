"""Networks that published weights are of, as far as files show which."""

import math

from keras_gans.compat import torch_names
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
    build_unet_generator,
)

# name -> its usual side, in pixels
SIDES = {
    "resnet_6": 256,
    "resnet_9": 256,
    "unet_128": 128,
    "unet_256": 256,
    "patchgan": 256,
    "pixelgan": 256,
}
_STATISTICS = ("running_mean", "running_var")
# Vectors of each convolution with a norm -> arguments. A bias is one, scale
# and offset are two, the statistics of a batch norm two more.
_CONVENTIONS = {
    0: {"use_bias": False},
    1: {"use_bias": True},
    2: {"use_bias": False, "affine": True},
    3: {"use_bias": True, "affine": True},
    4: {"use_bias": False, "affine": True, "normalization": "batch"},
    5: {"use_bias": True, "affine": True, "normalization": "batch"},
}


def build(name, size, input_channels, output_channels, filters, tensors):
    """Builds a network whose norms and biases are those of a file.

    Args:
        name: One of `SIDES`.
        size: Pair of integers, height and width.
        input_channels: Integer >= 1.
        output_channels: Integer >= 1, of a generator.
        filters: Integer >= 1, width of the first convolution.
        tensors: Dict from name to array, as of
            `keras_gans.compat.weights_files.open_weights`.

    Returns:
        A built `keras.Model`. Of a file of something else it is no likeness.
    """
    image_shape = (*size, input_channels)
    family, _, number = name.partition("_")
    if family == "unet":
        num_levels = int(math.log2(int(number)))
        # The first, the innermost and the last convolution have no norm.
        has_batch_norms = _vectors_per_norm(tensors, 3, 1) >= 4
        return build_unet_generator(
            image_shape,
            output_channels,
            filters,
            num_levels,
            normalization="batch" if has_batch_norms else "instance",
            dropout_layout="pytorch",
        )
    if family == "resnet":
        return build_resnet_generator(
            image_shape,
            output_channels,
            filters,
            num_residual_blocks=int(number),
            dropout=0.5 if _has_dropout(tensors) else 0.0,
            **_CONVENTIONS.get(_vectors_per_norm(tensors, 1, 1), {}),
        )
    return build_patchgan_discriminator(
        image_shape,
        filters,
        num_layers=0 if name == "pixelgan" else 3,
        **_CONVENTIONS.get(_vectors_per_norm(tensors, 2, 2), {}),
    )


def _vectors_per_norm(tensors, num_bare, num_biases):
    """How many vectors each convolution with a norm has.

    Args:
        tensors: As of `build`.
        num_bare: Integer, convolutions without a norm.
        num_biases: Integer, biases that these have whatever the norms.
    """
    kernels = [x for x in tensors.values() if x.ndim == 4]
    vectors = [
        name
        for name, x in tensors.items()
        if x.ndim == 1 and not _is_left_out(name, tensors)
    ]
    num_norms = max(len(kernels) - num_bare, 1)
    return round((len(vectors) - num_biases) / num_norms)


def _is_left_out(name, tensors):
    """Whether it is a statistic of PyTorch's old instance norms."""
    module, _, kind = name.rpartition(".")
    return kind in _STATISTICS and f"{module}.weight" not in tensors


def _has_dropout(tensors):
    """Whether dropout moves the second convolution of PyTorch's blocks."""
    return any(
        x.ndim == 4 and torch_names.place_of(name)[1:] == (6,)
        for name, x in tensors.items()
    )
