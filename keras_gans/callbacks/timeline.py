"""Turns the pictures of the epochs into a film."""

import pathlib
import re

import numpy as np
from PIL import Image, ImageDraw

from keras_gans import data
from keras_gans.callbacks.pictures import caption_font

_MAX_FRAMES = 60
_MAX_SIDE = 960
_LEAST_MILLISECONDS = 20
_HOLD_MILLISECONDS = 2000
_HEADER = 22


def write_timeline(directory, path, milliseconds=150, captions=True):
    """Joins the `epoch_NNN.png` files of a folder to an animated GIF.

    All of them, or of more than 60 as many, spread evenly, with the first
    and the last, which is held for two seconds more. Pictures with a side of
    more than 960 pixels are shrunk by a whole factor.

    Args:
        directory: Folder of the pictures.
        path: Where the GIF goes; its folder is made if need be.
        milliseconds: Integer >= 20, how long each picture is shown.
        captions: Boolean, whether to write the epoch above each picture.
            `PointClouds` have it in their title.

    Returns:
        A list of the epochs that are shown.

    Raises:
        FileNotFoundError: If the folder holds no such pictures.
        ValueError: If the pictures have several sizes, or `milliseconds` is
            out of range.
        keras_gans.data.ImageError: If a picture can not be read.
    """
    if milliseconds < _LEAST_MILLISECONDS:
        raise ValueError(
            f"`milliseconds` must be >= {_LEAST_MILLISECONDS}: players show "
            "faster films slowly. "
            f"Received: milliseconds={milliseconds}."
        )
    pictures = _list_pictures(pathlib.Path(directory))
    epochs = _spread(sorted(pictures))
    frames = []
    for epoch in epochs:
        frame = _shrink(Image.fromarray(data.read_image(pictures[epoch])))
        if captions:
            frame = _add_caption(frame, f"epoch {epoch}")
        if frames and frame.size != frames[0].size:
            raise ValueError(
                "The pictures of a timeline must have one size. Received: "
                f"{pictures[epoch]}, of another size than those before."
            )
        frames.append(frame.quantize(256))
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    durations = [milliseconds] * len(frames)
    durations[-1] += _HOLD_MILLISECONDS
    frames[0].save(
        path,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
    )
    return epochs


def _list_pictures(directory):
    """Paths of the pictures by epoch."""
    pictures = {
        int(match[1]): path
        for path in directory.glob("epoch_*.png")
        if (match := re.fullmatch(r"epoch_(\d+)\.png", path.name))
    }
    if not pictures:
        raise FileNotFoundError(
            "`directory` must hold pictures named epoch_NNN.png. "
            f"Received: directory={str(directory)!r}."
        )
    return pictures


def _spread(epochs):
    count = min(len(epochs), _MAX_FRAMES)
    places = np.linspace(0, len(epochs) - 1, count).round().astype(int)
    return [epochs[place] for place in places]


def _shrink(picture):
    # By a whole factor: enlarged images keep their squares, which other
    # factors blur, to files of nearly double the size.
    return picture.reduce(-(-max(picture.size) // _MAX_SIDE))


def _add_caption(picture, caption):
    canvas = Image.new(
        "RGB", (picture.width, picture.height + _HEADER), "white"
    )
    pen = ImageDraw.Draw(canvas)
    pen.text((4, 3), caption, fill="black", font=caption_font())
    canvas.paste(picture, (0, _HEADER))
    return canvas
