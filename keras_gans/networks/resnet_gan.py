"""The residual GAN pair of SNGAN (Miyato et al., 2018)."""

import keras
from keras import layers

from keras_gans import replicas
from keras_gans.networks import blocks
from keras_gans.networks import labels as label_wiring


def build_resnet_gan_generator(
    latent_dim=128, image_shape=(32, 32, 3), filters=None, num_classes=None
):
    """Maps latents to images by residual blocks that double the size.

    Up to 32 pixels all blocks are equally wide, as in the paper's network for
    CIFAR-10 (4,276,739 trainable parameters). Above, each is half as wide as
    the one before, as in the authors' network for 64 pixels.

    Reference:

    - [Miyato et al., 2018, appendix B.4](https://arxiv.org/abs/1802.05957)
    - [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637), the label

    Args:
        latent_dim: Integer >= 1. Defaults to 128.
        image_shape: `(side, side, channels)`, the side 4, 5, 6 or 7 times a
            power of two, 8 to 64. Defaults to `(32, 32, 3)`.
        filters: Integer >= 1, width of the last block. Defaults to the
            authors': 256 up to 32 pixels, 64 above.
        num_classes: Integer >= 2, or `None` for an unconditional generator.
            With it, the blocks' batch norms have a scale and an offset for
            each class.

    Returns:
        A `keras.Model` named `"generator"`, from latents, or from a
        dictionary of `latents` and integer `labels` `(batch,)`, to float32
        images `(batch, *image_shape)` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range.
    """
    base, num_doublings = _check_side(image_shape)
    filters = (
        (256 if _is_small(image_shape) else 64) if filters is None else filters
    )
    blocks.check_at_least(1, latent_dim=latent_dim, filters=filters)
    label_wiring.check_labels(num_classes)
    growth = 1 if _is_small(image_shape) else 2
    stem_width = filters * growth**num_doublings

    inputs = latents = layers.Input((latent_dim,), name="latents")
    labels = None
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"latents": latents, "labels": labels}
    x = blocks.dense(latents, base**2 * stem_width, "stem")
    x = layers.Reshape((base, base, stem_width), name="stem_reshape")(x)
    for i in range(1, num_doublings + 1):
        x = _up_block(
            x, stem_width // growth**i, labels, num_classes, f"block_{i}"
        )
    x = _batch_norm(x, "head_norm")
    x = layers.ReLU(name="head_relu")(x)
    x = blocks.conv(
        x,
        image_shape[-1],
        3,
        padding="same",
        kernel_initializer=keras.initializers.GlorotUniform(),
        name="head",
    )
    return keras.Model(inputs, blocks.tanh_images(x), name="generator")


def build_resnet_gan_discriminator(
    image_shape=(32, 32, 3),
    filters=None,
    num_classes=None,
    spectral_norm=True,
):
    """Judges images by residual blocks with spectral norm: one logit each.

    Up to 32 pixels: two blocks that halve the size and two that keep it,
    equally wide, as in the paper's network for CIFAR-10 (1,053,825 trainable
    parameters). Above: blocks that halve the size, each twice as wide as the
    one before, as in the authors' network for 64 pixels, which ends at 2x2;
    one block more than the generator doubles. There is no other norm, so it
    fits a gradient penalty.

    Reference:

    - [Miyato et al., 2018, appendix B.4](https://arxiv.org/abs/1802.05957)
    - [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637), the label

    Args:
        image_shape: `(side, side, channels)`, the side 4, 5, 6 or 7 times a
            power of two, 8 to 64. Defaults to `(32, 32, 3)`.
        filters: Integer >= 1, width of the first block. Defaults to the
            authors': 128 up to 32 pixels, 64 above.
        num_classes: Integer >= 2, or `None` for an unconditional one. With
            it, the logit gets an inner product of the last features and an
            embedding of the label.
        spectral_norm: Boolean, whether to divide each kernel by its largest
            singular value (`keras.layers.SpectralNormalization`).

    Returns:
        A `keras.Model` named `"discriminator"`, from images, or from a
        dictionary of `images` and integer `labels` `(batch,)`, to float32
        logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    base, num_doublings = _check_side(image_shape)
    is_small = _is_small(image_shape)
    filters = (128 if is_small else 64) if filters is None else filters
    blocks.check_at_least(1, filters=filters)
    label_wiring.check_labels(num_classes)
    if is_small:
        widths, num_halvings = [filters] * 4, min(2, num_doublings)
    else:
        widths = [filters * 2**i for i in range(num_doublings + 1)]
        # Half a pixel would be lost at 5x5 and 7x7.
        num_halvings = len(widths) - base % 2

    inputs = x = images = layers.Input(image_shape, name="images")
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"images": images, "labels": labels}
    for i, width in enumerate(widths):
        x = _down_block(
            x, width, i < num_halvings, i == 0, spectral_norm, f"block_{i + 1}"
        )
    x = layers.ReLU(name="head_relu")(x)
    features = blocks.global_sum_pooling(x)
    # The paper's dense layer. The authors' code leaves its bias out at 32
    # pixels, and has it at 64.
    logits = blocks.dense(
        features, 1, "logits", spectral_norm, dtype=keras.config.floatx()
    )
    if num_classes is not None:
        logits = label_wiring.add_projection(
            logits,
            features,
            labels,
            num_classes,
            spectral_norm,
            keras.initializers.GlorotUniform(),
        )
    return keras.Model(inputs, logits, name="discriminator")


def _check_side(image_shape):
    base, num_doublings = blocks.split_side(image_shape)
    if image_shape[0] > 64:
        raise ValueError(
            "The residual networks are for images of at most 64x64 pixels. "
            f"Received: image_shape={tuple(image_shape)}. Resize the images, "
            "or use the DCGAN networks."
        )
    return base, num_doublings


def _is_small(image_shape):
    return image_shape[0] <= 32


def _up_block(x, filters, labels, num_classes, name):
    """norm, relu, double, conv, norm, relu, conv; plus double, 1x1 conv."""

    def norm_relu(x, name):
        if labels is None:
            x = _batch_norm(x, name)
        else:
            x = _conditional_batch_norm(x, labels, num_classes, name)
        return layers.ReLU(name=f"{name}_relu")(x)

    shortcut = layers.UpSampling2D(2, name=f"{name}_shortcut_double")(x)
    shortcut = _shortcut_conv(shortcut, filters, False, name)
    x = norm_relu(x, f"{name}_norm_1")
    x = layers.UpSampling2D(2, name=f"{name}_double")(x)
    x = _block_conv(x, filters, False, f"{name}_conv_1")
    x = norm_relu(x, f"{name}_norm_2")
    x = _block_conv(x, filters, False, f"{name}_conv_2")
    return layers.Add(name=f"{name}_add")([shortcut, x])


def _down_block(x, filters, halve, is_first, spectral_norm, name):
    """relu, conv, relu, conv, (halve); plus (1x1 conv, halve).

    The first block has no relu on the pixels, and halves before its 1x1 conv.
    """

    def pool(x, name):
        return layers.AveragePooling2D(2, name=name)(x) if halve else x

    shortcut = x
    if is_first:
        shortcut = pool(shortcut, f"{name}_shortcut_halve")
    if halve or x.shape[-1] != filters:
        shortcut = _shortcut_conv(shortcut, filters, spectral_norm, name)
    if not is_first:
        shortcut = pool(shortcut, f"{name}_shortcut_halve")
    # Both as in the authors' code: only the first one widens at once.
    width = filters if is_first else x.shape[-1]
    if not is_first:
        x = layers.ReLU(name=f"{name}_relu_1")(x)
    x = _block_conv(x, width, spectral_norm, f"{name}_conv_1")
    x = layers.ReLU(name=f"{name}_relu_2")(x)
    x = _block_conv(x, filters, spectral_norm, f"{name}_conv_2")
    x = pool(x, f"{name}_halve")
    return layers.Add(name=f"{name}_add")([shortcut, x])


def _block_conv(x, filters, spectral_norm, name):
    return blocks.conv(
        x,
        filters,
        3,
        padding="same",
        # Glorot's, times the square root of 2, as the authors set it.
        kernel_initializer=keras.initializers.VarianceScaling(
            2.0, "fan_avg", "uniform"
        ),
        spectral_norm=spectral_norm,
        name=name,
    )


def _shortcut_conv(x, filters, spectral_norm, name):
    return blocks.conv(
        x,
        filters,
        1,
        kernel_initializer=keras.initializers.GlorotUniform(),
        spectral_norm=spectral_norm,
        name=f"{name}_shortcut",
    )


def _batch_norm(x, name, affine=True):
    # Chainer's defaults, which the authors used.
    return layers.BatchNormalization(
        momentum=0.9,
        epsilon=2e-5,
        center=affine,
        scale=affine,
        # Built under a strategy, it goes by the global batch.
        synchronized=replicas.count() > 1,
        name=name,
    )(x)


def _conditional_batch_norm(x, labels, num_classes, name):
    """Batch norm with a scale and an offset for each class."""
    channels = x.shape[-1]

    def per_class(initializer, kind):
        weights = layers.Embedding(
            num_classes, channels, initializer, name=f"{name}_{kind}"
        )(labels)
        return layers.Reshape((1, 1, channels), name=f"{name}_{kind}_pixel")(
            weights
        )

    x = _batch_norm(x, name, affine=False)
    x = layers.Multiply(name=f"{name}_scale")([x, per_class("ones", "gamma")])
    return layers.Add(name=f"{name}_offset")([x, per_class("zeros", "beta")])
