"""The DCGAN pair (Radford et al., 2016), plain and class-conditional."""

import keras
from keras import layers

from keras_gans.layers import MinibatchStdDev
from keras_gans.networks import blocks
from keras_gans.networks import labels as label_wiring


def build_dcgan_generator(
    latent_dim=100,
    image_shape=(64, 64, 3),
    filters=64,
    num_classes=None,
    normalization="batch",
):
    """Maps latents to images by transposed convolutions.

    The latents, as one pixel, become 4x4 (or 5x5 to 7x7) pixels, then 4x4
    kernels of stride 2 double the size until it is that of the images. The
    defaults are the paper's 64x64 generator: 3,576,704 trainable parameters.
    Other sizes have fewer or more doublings, and the same widths from the end;
    28 pixels start from 7x7.

    Reference:

    - [Radford et al., 2016](https://arxiv.org/abs/1511.06434)
    - [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), the label

    Args:
        latent_dim: Integer >= 1. Defaults to 100.
        image_shape: `(side, side, channels)`, the side 4, 5, 6 or 7 times a
            power of two and at least 8. Defaults to `(64, 64, 3)`.
        filters: Integer >= 1, width of the last hidden layer; each one before
            is twice as wide. Defaults to 64.
        num_classes: Integer >= 2, or `None` for an unconditional generator.
            With it, the one-hot label is appended to the latents.
        normalization: `"batch"` (the paper), `"instance"` or `"none"`. There
            are biases only without a norm.

    Returns:
        A `keras.Model` named `"generator"`, from latents, or from a
        dictionary of `latents` and integer `labels` `(batch,)`, to float32
        images `(batch, *image_shape)` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range.
    """
    blocks.check_at_least(1, latent_dim=latent_dim, filters=filters)
    base, num_doublings = blocks.split_side(image_shape)
    label_wiring.check_labels(num_classes)
    blocks.check_choice("normalization", normalization, blocks.NORMALIZATIONS)
    use_bias = normalization == "none"

    def norm_relu(x, name):
        x = blocks.normalize(x, normalization, True, f"{name}_norm")
        return layers.ReLU(name=f"{name}_relu")(x)

    latents = layers.Input((latent_dim,), name="latents")
    inputs, x = latents, latents
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"latents": latents, "labels": labels}
        x = label_wiring.concatenate(latents, labels, num_classes)
    x = layers.Reshape((1, 1, x.shape[-1]), name="latent_pixel")(x)
    width = filters * 2 ** (num_doublings - 1)
    x = blocks.conv_transpose(x, width, base, 1, "valid", use_bias, "stem")
    x = norm_relu(x, "stem")
    for i in range(1, num_doublings):
        # Of a 4x4 kernel at stride 2, `same` is PyTorch's padding of 1.
        x = blocks.conv_transpose(
            x, width // 2**i, 4, 2, "same", use_bias, f"up_{i}"
        )
        x = norm_relu(x, f"up_{i}")
    x = blocks.conv_transpose(
        x, image_shape[-1], 4, 2, "same", use_bias, "head"
    )
    return keras.Model(inputs, blocks.tanh_images(x), name="generator")


def build_dcgan_discriminator(
    image_shape=(64, 64, 3),
    filters=64,
    num_classes=None,
    conditioning="concat",
    normalization="batch",
    spectral_norm=False,
    minibatch_stddev=False,
    dropout=0.0,
):
    """Judges images by strided convolutions: one logit each.

    The mirror image of the generator: 4x4 kernels of stride 2 halve the size
    down to 4x4 (or 5x5 to 7x7) pixels, and one kernel of that size makes the
    logit. The defaults are the paper's 64x64 discriminator: 2,765,568
    trainable parameters, no norm on the first and the last convolution.

    Reference:

    - [Radford et al., 2016](https://arxiv.org/abs/1511.06434)
    - [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), `"concat"`
    - [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637),
      `"projection"`

    Args:
        image_shape: `(side, side, channels)`, the side 4, 5, 6 or 7 times a
            power of two and at least 8. Defaults to `(64, 64, 3)`.
        filters: Integer >= 1, width of the first convolution; each one after
            it is twice as wide. Defaults to 64.
        num_classes: Integer >= 2, or `None` for an unconditional one.
        conditioning: `"concat"` (one-hot labels as constant channels of the
            images) or `"projection"` (inner product with the last features,
            summed over the pixels). Means nothing without `num_classes`.
        normalization: `"batch"` (the paper), `"instance"` or `"none"`. A
            gradient penalty on each image (WGAN-GP) forbids `"batch"`. There
            are biases only without a norm.
        spectral_norm: Boolean, whether to divide each kernel by its largest
            singular value (`keras.layers.SpectralNormalization`); usually with
            `normalization="none"`.
        minibatch_stddev: Boolean, whether to append a `MinibatchStdDev`
            channel to the last features.
        dropout: Float in [0, 1), rate after each hidden convolution. Defaults
            to 0; TensorFlow's DCGAN tutorial has 0.3.

    Returns:
        A `keras.Model` named `"discriminator"`, from images, or from a
        dictionary of `images` and integer `labels` `(batch,)`, to float32
        logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    blocks.check_at_least(1, filters=filters)
    base, num_halvings = blocks.split_side(image_shape)
    label_wiring.check_labels(num_classes, conditioning)
    blocks.check_choice("normalization", normalization, blocks.NORMALIZATIONS)
    blocks.check_dropout(dropout)
    use_bias = normalization == "none"

    inputs = x = images = layers.Input(image_shape, name="images")
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"images": images, "labels": labels}
        if conditioning == "concat":
            x = label_wiring.concatenate(images, labels, num_classes)
    for i in range(1, num_halvings + 1):
        x = blocks.conv(
            x,
            filters * 2 ** (i - 1),
            4,
            2,
            use_bias,
            f"conv_{i}",
            padding="same",
            spectral_norm=spectral_norm,
        )
        if i > 1:
            x = blocks.normalize(x, normalization, True, f"conv_{i}_norm")
        x = layers.LeakyReLU(0.2, name=f"conv_{i}_relu")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"conv_{i}_dropout")(x)
    features = x
    if minibatch_stddev:
        x = MinibatchStdDev(name="minibatch_stddev")(x)
    logits = blocks.conv(
        x,
        1,
        base,
        use_bias=use_bias,
        name="logits",
        spectral_norm=spectral_norm,
        dtype=keras.config.floatx(),
    )
    logits = layers.Flatten(name="flatten", dtype=keras.config.floatx())(logits)
    if num_classes is not None and conditioning == "projection":
        logits = label_wiring.add_projection(
            logits,
            blocks.global_sum_pooling(features),
            labels,
            num_classes,
            spectral_norm,
            blocks.paper_initializer(),
        )
    return keras.Model(inputs, logits, name="discriminator")
