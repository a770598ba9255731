"""The operations of `tfa.image` that GAN code augmented images with."""

from keras import ops

from keras_gans.compat.tfa import replacements

__all__ = ["gaussian_filter2d", "rotate", "transform", "translate"]

PADDINGS = ("CONSTANT", "REFLECT", "SYMMETRIC")


def transform(
    images,
    transforms,
    interpolation="nearest",
    fill_mode="constant",
    fill_value=0.0,
):
    """Moves pixels by projective transforms.

    It is `keras.ops.image.affine_transform` with other defaults. The output is
    of the input's size.

    Args:
        images: Tensor `(batch, height, width, channels)`, `(height, width,
            channels)` or `(height, width)`, of any range.
        transforms: Eight numbers `[a0, a1, a2, b0, b1, b2, c0, c1]`, or one
            such row for each image: the output's `(x, y)` is the input's
            `(a0 x + a1 y + a2, b0 x + b1 y + b2) / (c0 x + c1 y + 1)`.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside of the input: `"constant"`, `"reflect"`,
            `"wrap"` or `"nearest"`.
        fill_value: Float, of `"constant"`.

    Returns:
        A tensor of the shape and type of `images`.
    """
    images = ops.convert_to_tensor(images)
    rank = len(images.shape)
    moved = ops.image.affine_transform(
        _as_batch(images),
        ops.convert_to_tensor(transforms, "float32"),
        interpolation=interpolation,
        fill_mode=fill_mode,
        fill_value=fill_value,
        data_format="channels_last",
    )
    return _of_rank(moved, rank)


def rotate(
    images,
    angles,
    interpolation="nearest",
    fill_mode="constant",
    fill_value=0.0,
):
    """Rotates images counterclockwise about their middle.

    Args:
        images: As of `transform`.
        angles: Float, or one for each image, in radians.
        interpolation: As of `transform`.
        fill_mode: As of `transform`.
        fill_value: As of `transform`.

    Returns:
        A tensor of the shape and type of `images`.
    """
    images = ops.convert_to_tensor(images)
    height, width = ops.shape(_as_batch(images))[1:3]
    # The coordinates of the last pixel: the middle is at half of them.
    x = ops.cast(width, "float32") - 1.0
    y = ops.cast(height, "float32") - 1.0
    angles = ops.reshape(ops.convert_to_tensor(angles, "float32"), (-1,))
    cos, sin = ops.cos(angles), ops.sin(angles)
    x_offset = (x - (cos * x - sin * y)) / 2.0
    y_offset = (y - (sin * x + cos * y)) / 2.0
    zero = ops.zeros_like(angles)
    rows = [cos, -sin, x_offset, sin, cos, y_offset, zero, zero]
    transforms = ops.stack(rows, axis=1)
    return transform(images, transforms, interpolation, fill_mode, fill_value)


def translate(
    images,
    translations,
    interpolation="nearest",
    fill_mode="constant",
    fill_value=0.0,
):
    """Shifts images to the right and down.

    Args:
        images: As of `transform`.
        translations: A pair of floats `(dx, dy)`, or one for each image, in
            pixels.
        interpolation: As of `transform`.
        fill_mode: As of `transform`.
        fill_value: As of `transform`.

    Returns:
        A tensor of the shape and type of `images`.
    """
    shifts = ops.convert_to_tensor(translations, "float32")
    shifts = ops.reshape(shifts, (-1, 2))
    dx, dy = shifts[:, 0], shifts[:, 1]
    one, zero = ops.ones_like(dx), ops.zeros_like(dx)
    rows = [one, zero, -dx, zero, one, -dy, zero, zero]
    transforms = ops.stack(rows, axis=1)
    return transform(images, transforms, interpolation, fill_mode, fill_value)


def gaussian_filter2d(
    image,
    filter_shape=(3, 3),
    sigma=1.0,
    padding="REFLECT",
    constant_values=0,
):
    """Blurs images by a Gaussian.

    `keras.ops.image.gaussian_blur` is the same but for the padding, which is
    zeros there, and leaves dark edges.

    Args:
        image: As `images` of `transform`; integers are rounded down.
        filter_shape: Integer, or a pair for height and width, in pixels.
        sigma: Float > 0, or a pair for height and width, in pixels.
        padding: `"REFLECT"`, `"SYMMETRIC"` or `"CONSTANT"`.
        constant_values: Number, of `"CONSTANT"`.

    Returns:
        A tensor of the shape and type of `image`.

    Raises:
        ValueError: If `sigma` is not > 0 or `padding` none of the three.
    """
    sizes, sigmas = _pair(filter_shape), _pair(sigma)
    if any(value <= 0 for value in sigmas):
        raise ValueError(f"`sigma` must be > 0. Received: sigma={sigma}.")
    if padding.upper() not in PADDINGS:
        raise ValueError(
            f"`padding` must be one of {list(PADDINGS)}. "
            f"Received: padding={padding!r}."
        )
    image = ops.convert_to_tensor(image)
    dtype = image.dtype if "float" in str(image.dtype) else "float32"
    x = ops.cast(_as_batch(image), dtype)
    margins = [((size - 1) // 2, size - 1 - (size - 1) // 2) for size in sizes]
    fill = constant_values if padding.upper() == "CONSTANT" else None
    x = ops.pad(x, [(0, 0), *margins, (0, 0)], padding.lower(), fill)
    # Along the height, then along the width.
    for axis, (size, deviation) in enumerate(zip(sizes, sigmas)):
        kernel = ops.reshape(
            _gaussian(size, deviation, dtype),
            (size, 1, 1, 1) if axis == 0 else (1, size, 1, 1),
        )
        kernel = ops.tile(kernel, (1, 1, x.shape[-1], 1))
        x = ops.depthwise_conv(x, kernel, data_format="channels_last")
    return ops.cast(_of_rank(x, len(image.shape)), image.dtype)


def _gaussian(size, sigma, dtype):
    """Weights that add up to 1; an even number has more on the far side."""
    distance = ops.arange(size, dtype=dtype) - (size - 1) // 2
    weights = ops.exp(-ops.square(distance) / (2.0 * sigma**2))
    return weights / ops.sum(weights)


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _as_batch(images):
    rank = len(images.shape)
    if rank not in (2, 3, 4):
        raise ValueError(
            "Images must be `(batch, height, width, channels)`, `(height, "
            "width, channels)` or `(height, width)`. "
            f"Received: shape={tuple(images.shape)}."
        )
    if rank == 2:
        images = ops.expand_dims(images, -1)
    return images if rank == 4 else ops.expand_dims(images, 0)


def _of_rank(images, rank):
    """Takes away the axes that `_as_batch` added to images of a rank."""
    if rank == 4:
        return images
    return images[0, ..., 0] if rank == 2 else images[0]


__getattr__ = replacements.refuse_names_of(__name__, "tfa.image")
