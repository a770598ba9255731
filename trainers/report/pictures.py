"""Pictures inside the page, small enough that a mail can carry it."""

import base64
import dataclasses
import io

import numpy as np
from PIL import Image

_MOST_SIDE = 1600
# A picture that is larger without a loss is stored with one, and with a larger
# one, and shrunk at last: with 18 of them a page has less than 5 MB.
_MOST_BYTES = 200_000
_QUALITIES = (85, 60)
_MOST_EPOCHS = 8


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture as the page holds it.

    Attributes:
        uri: String, the picture itself as an address.
        width: Integer, pixels.
        height: Integer, pixels.
        title: String, a few words.
        caption: String, what there is to see.
    """

    uri: str
    width: int
    height: int
    title: str
    caption: str

    @property
    def alt(self):
        """The picture in words, for those who do not see it."""
        return f"{self.title}: {self.caption}" if self.caption else self.title


def embed(picture, title, caption, most_side=_MOST_SIDE):
    """Puts a picture into an address.

    Args:
        picture: `PIL.Image`, or path of one.
        title: String, a few words.
        caption: String, what there is to see.
        most_side: Integer; larger pictures are shrunk by a whole factor,
            which keeps the squares of enlarged pixels.

    Returns:
        A `Picture`, in WebP.
    """
    if not isinstance(picture, Image.Image):
        with Image.open(picture) as file:
            picture = file.convert("RGB")
    picture = picture.reduce(-(-max(picture.size) // most_side))
    data = _encode(picture, lossless=True)
    while len(data) > _MOST_BYTES:
        for quality in _QUALITIES:
            data = _encode(picture, quality=quality)
            if len(data) <= _MOST_BYTES:
                break
        else:
            picture = picture.reduce(2)
    text = base64.b64encode(data).decode("ascii")
    return Picture(
        f"data:image/webp;base64,{text}", *picture.size, title, caption
    )


def _encode(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", method=4, **options)
    return buffer.getvalue()


def flipbook(samples):
    """The pictures of some epochs, to leaf through.

    Args:
        samples: List of `(epoch, path)`, in order.

    Returns:
        List of `(epoch, Picture)`: at most eight, the first and the last
        among them, more of them early, where more happens.
    """
    return [
        (epoch, embed(path, f"Epoch {epoch}", ""))
        for epoch, path in choose(samples)
    ]


def choose(samples):
    """The samples that a flipbook shows."""
    if len(samples) <= _MOST_EPOCHS:
        return samples
    shares = np.linspace(0, 1, _MOST_EPOCHS) ** 1.5
    places = np.unique(np.round(shares * (len(samples) - 1)).astype(int))
    return [samples[place] for place in places]
