"""Encoders and decoders, as the flags of `trainers.autoencoder` have them."""

from keras_gans.networks import (
    build_convolutional_decoder,
    build_convolutional_encoder,
    build_dense_decoder,
    build_dense_encoder,
)

_LEAST_SIDE = 8


def build_networks(
    config,
    image_shape,
    code_dim,
    code_activation,
    output_activation,
    is_variational,
):
    """Builds an encoder and the decoder that mirrors it.

    Args:
        config: Config of `trainers.autoencoder`.
        image_shape: `(height, width, channels)`.
        code_dim: Integer, numbers in a code.
        code_activation: As of the builders of encoders.
        output_activation: As of the builders of decoders.
        is_variational: Boolean, whether the code is a distribution.

    Returns:
        `(encoder, decoder)`.

    Raises:
        ValueError: If a builder refuses an argument.
    """
    build_encoder, build_decoder = (
        (build_dense_encoder, build_dense_decoder)
        if config.network == "dense"
        else (build_convolutional_encoder, build_convolutional_decoder)
    )
    widths = _widths(config)
    return (
        build_encoder(
            image_shape, code_dim, widths, code_activation, is_variational
        ),
        build_decoder(code_dim, image_shape, widths[::-1], output_activation),
    )


def _widths(config):
    """Of the hidden layers of the encoder."""
    if config.network == "dense":
        return (config.hidden_units,) * config.hidden_layers
    num_levels = config.num_levels or _count_levels(config.size)
    return tuple(config.filters * 2**i for i in range(num_levels))


def _count_levels(size):
    """Halvings of both sides until the shorter one is at most 8, if it can."""
    num_levels = 0
    while min(size) > _LEAST_SIDE and not any(side % 2 for side in size):
        size = [side // 2 for side in size]
        num_levels += 1
    return max(1, num_levels)
