"""Draws many images as one picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_gans import data

_GAP = 4
_HEADER = 22
# Images are enlarged until they are at least this high.
_LEAST_SIDE_IN_COLUMNS = 96
_LEAST_SIDE_IN_GRID = 80


def draw_columns(columns):
    """Draws titled columns of images, equal rows side by side.

    Args:
        columns: List of `(title, images)`, images `(n, height, width,
            channels)` in [-1, 1]; all with the same n, height and width.

    Returns:
        A `PIL.Image` in RGB. Small images are enlarged by whole factors.
    """
    num_rows, height, width = columns[0][1].shape[:3]
    factor = _enlargement(height, _LEAST_SIDE_IN_COLUMNS)
    cell_height, cell_width = factor * height + _GAP, factor * width + _GAP
    canvas = Image.new(
        "RGB",
        (len(columns) * cell_width + _GAP, num_rows * cell_height + _HEADER),
        "white",
    )
    pen = ImageDraw.Draw(canvas)
    for column, (title, images) in enumerate(columns):
        left = _GAP + column * cell_width
        pen.text((left, 3), title, fill="black", font=caption_font())
        for row, picture in enumerate(_enlarged(images, factor)):
            canvas.paste(picture, (left, _HEADER + row * cell_height))
    return canvas


def draw_grid(images, num_columns, row_names=()):
    """Draws images in rows, from left to right and from top to bottom.

    For the images of paths `(num_steps, num_paths, ...)` from
    `keras_gans.latents.interpolate`, swap the first two axes, join them, and
    let `num_columns` be `num_steps`: each row is a path.

    Args:
        images: Float array `(n, height, width, channels)` in [-1, 1].
        num_columns: Integer >= 1, images in a row.
        row_names: Strings, one per row, written at the left; or empty.

    Returns:
        A `PIL.Image` in RGB. Small images are enlarged by whole factors.

    Raises:
        ValueError: If an argument does not have this form.
    """
    if np.ndim(images) != 4 or not len(images):
        raise ValueError(
            "`images` must have shape (n, height, width, channels), n at "
            f"least 1. Received: shape {np.shape(images)}."
        )
    if num_columns < 1:
        raise ValueError(
            f"`num_columns` must be >= 1. Received: num_columns={num_columns}."
        )
    num_rows = -(-len(images) // num_columns)
    if row_names and len(row_names) != num_rows:
        raise ValueError(
            f"`row_names` must have a name for each of {num_rows} rows. "
            f"Received: {len(row_names)} names."
        )
    height, width = images.shape[1:3]
    factor = _enlargement(height, _LEAST_SIDE_IN_GRID)
    cell_height, cell_width = factor * height + _GAP, factor * width + _GAP
    margin = _GAP + _width_of(row_names)
    canvas = Image.new(
        "RGB",
        (margin + num_columns * cell_width, _GAP + num_rows * cell_height),
        "white",
    )
    pen = ImageDraw.Draw(canvas)
    for row, name in enumerate(row_names):
        middle = _GAP + row * cell_height + factor * height // 2
        pen.text(
            (_GAP, middle), name, fill="black", font=caption_font(), anchor="lm"
        )
    for i, picture in enumerate(_enlarged(images, factor)):
        row, column = divmod(i, num_columns)
        canvas.paste(
            picture, (margin + column * cell_width, _GAP + row * cell_height)
        )
    return canvas


def draw_rows(rows):
    """Draws named rows of images, those that belong together in a column.

    Args:
        rows: Dictionary from names to images `(n, height, width, channels)`
            in [-1, 1], all of one shape.

    Returns:
        A `PIL.Image` in RGB.
    """
    images = list(rows.values())
    return draw_grid(np.concatenate(images), len(images[0]), list(rows))


def name_rows(labels, class_names):
    """What is written beside rows of one class each.

    Args:
        labels: Integers `(num_rows,)`, or `None` for rows without a class.
        class_names: Strings, `class_names[label]` is the name of a class; if
            empty, its number is written.

    Returns:
        A list of strings, empty without labels.

    Raises:
        ValueError: If a label has no name.
    """
    if labels is None:
        return []
    if not class_names:
        return [str(label) for label in labels]
    if max(labels) >= len(class_names):
        raise ValueError(
            "`class_names` must have a name for each class in `labels`. "
            f"Received: {len(class_names)} names, and label {max(labels)}."
        )
    return [class_names[label] for label in labels]


def caption_font():
    """The font of everything that is written on pictures, 14 pixels high."""
    return ImageFont.load_default(14)


def _enlargement(height, least_side):
    return max(1, -(-least_side // height))


def _enlarged(images, factor):
    """Yields each image as a `PIL.Image` in RGB, its pixels as squares."""
    for pixels in data.to_uint8(images):
        height, width, channels = pixels.shape
        # Any other number of channels: the first three stand for all.
        picture = Image.fromarray(
            np.repeat(pixels[..., :1], 3, -1)
            if channels < 3
            else np.ascontiguousarray(pixels[..., :3])
        )
        yield picture.resize(
            (factor * width, factor * height), Image.Resampling.NEAREST
        )


def _width_of(names):
    """Pixels that the longest name takes, with a gap; 0 for no names."""
    widths = [int(caption_font().getlength(name)) + 2 * _GAP for name in names]
    return max(widths, default=0)
