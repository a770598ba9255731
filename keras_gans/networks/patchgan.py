"""The PatchGAN discriminator of pix2pix and CycleGAN (Isola et al., 2017)."""

import keras
from keras import layers

from keras_gans.networks import blocks


def build_patchgan_discriminator(
    image_shape=(256, 256, 3),
    filters=64,
    num_layers=3,
    normalization="instance",
    affine=False,
    use_bias=True,
    padding=1,
):
    """Judges every patch of an image: one logit each, real high, fake low.

    The receptive field of one logit is 16, 34, 70, 142 pixels wide for 1, 2,
    3, 4 layers; 0 layers give the PixelGAN, which judges single pixels. The
    paper's is 3 layers (70x70 patches), with a 30x30 grid of logits for a
    256x256 image and 2,764,737 parameters.

    Reference:

    - [Isola et al., 2017, appendix 6.1.2](https://arxiv.org/abs/1611.07004)

    Args:
        image_shape: `(height, width, channels)` of the input; height and
            width may be `None`. Defaults to `(256, 256, 3)`.
        filters: Integer >= 1, width of the first convolution; the widest is
            8 times as wide. Defaults to 64.
        num_layers: Integer >= 0, convolutions of stride 2. Defaults to 3.
        normalization: `"instance"` (CycleGAN), `"batch"` (pix2pix) or
            `"none"`; never on the first and the last convolution.
        affine: Boolean, whether the norms have learned scale and offset.
        use_bias: Boolean, whether convolutions before a norm have a bias.
        padding: 1 (pix2pix, and CycleGAN in PyTorch) or 2 (CycleGAN in
            Torch: a 35x35 grid for a 256x256 image). Defaults to 1.

    Returns:
        A `keras.Model` from images to float32 logits `(batch, rows, columns,
        1)`, named `"discriminator"`.

    Raises:
        ValueError: If an argument is out of range, or the image too small to
            leave one patch.
    """
    blocks.check_at_least(1, filters=filters)
    blocks.check_at_least(0, num_layers=num_layers)
    blocks.check_choice("normalization", normalization, blocks.NORMALIZATIONS)
    blocks.check_choice("padding", padding, (1, 2))
    _check_size(image_shape, num_layers, padding)
    use_bias = use_bias or normalization == "none"

    images = layers.Input(image_shape, name="images")
    if num_layers == 0:
        kernel_size, last_strides, padding = 1, (1,), 0
    else:
        # One convolution per layer; the one after the last does not shrink.
        kernel_size = 4
        last_strides = (2,) * (num_layers - 1) + (1,)
    x = images
    first_strides = 2 if num_layers else 1
    x = _pad(x, padding, "conv_1")
    x = blocks.conv(x, filters, kernel_size, first_strides, name="conv_1")
    x = layers.LeakyReLU(0.2, name="conv_1_relu")(x)
    for i, strides in enumerate(last_strides, start=2):
        x = _pad(x, padding, f"conv_{i}")
        x = blocks.conv(
            x,
            filters * min(2 ** (i - 1), 8),
            kernel_size,
            strides,
            use_bias=use_bias,
            name=f"conv_{i}",
        )
        x = blocks.normalize(x, normalization, affine, f"conv_{i}_norm")
        x = layers.LeakyReLU(0.2, name=f"conv_{i}_relu")(x)
    x = _pad(x, padding, "logits")
    logits = blocks.conv(
        x, 1, kernel_size, name="logits", dtype=keras.config.floatx()
    )
    return keras.Model(images, logits, name="discriminator")


def _pad(x, padding, name):
    if padding == 0:
        return x
    return layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)


def _check_size(image_shape, num_layers, padding):
    if num_layers == 0:
        return
    for size in image_shape[:2]:
        rest = size
        for strides in (2,) * num_layers + (1, 1):
            if rest is not None:
                rest = (rest + 2 * padding - 4) // strides + 1
        if rest is not None and rest < 1:
            raise ValueError(
                f"Images of {tuple(image_shape)} are too small for "
                f"`num_layers={num_layers}`: no patch is left. Use fewer "
                "layers."
            )
