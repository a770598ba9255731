"""Small sets that ship with the package: nothing to download.

Licences and credits are in the folder `embedded`.
"""

import importlib.resources

import numpy as np

from keras_gans.data import image_set, pixels
from keras_gans.data.edge_images import EdgeImages
from keras_gans.data.edges import outlines
from keras_gans.data.labelled_images import LabelledImages
from keras_gans.data.paired_images import PairedImages
from keras_gans.data.unpaired_domains import UnpairedDomains

_DOMAINS = ("emoji_faces", "emoji_outlines", "emoji_styles")
_IMAGES = ("emoji", "emoji_faces", "fashion_mnist")
_PAIRS = ("emoji_edges", "emoji_faces_edges")
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_DRAWN_BY = ("noto", "twemoji")

# Yellow faces that fill the picture as Twemoji draws them; no animals.
_FACES = frozenset(
    """
    angry anguished astonished blush cold_sweat confounded confused cry
    disappointed disappointed_relieved disguised_face dizzy_face
    drooling_face exploding_head expressionless face_exhaling
    face_holding_back_tears face_vomiting face_with_bags_under_eyes
    face_with_cowboy_hat face_with_diagonal_mouth
    face_with_hand_over_mouth face_with_head_bandage face_with_monocle
    face_with_open_eyes_and_hand_over_mouth face_with_peeking_eye
    face_with_raised_eyebrow face_with_rolling_eyes face_with_spiral_eyes
    face_with_thermometer fearful flushed frowning grimacing grin grinning
    head_shaking_horizontally head_shaking_vertically heart_eyes
    hugging_face hushed innocent joy kissing kissing_closed_eyes
    kissing_heart kissing_smiling_eyes laughing lying_face melting_face
    money_mouth_face nerd_face neutral_face no_mouth open_mouth
    partying_face pensive persevere pleading_face relaxed relieved
    rolling_on_the_floor_laughing saluting_face shushing_face sleeping
    sleepy slightly_frowning_face slightly_smiling_face smile smiley
    smiling_face_with_3_hearts smiling_face_with_tear smirk sneezing_face
    sob star-struck stuck_out_tongue stuck_out_tongue_closed_eyes
    stuck_out_tongue_winking_eye sunglasses sweat sweat_smile
    thinking_face tired_face triumph unamused upside_down_face weary
    white_frowning_face wink woozy_face worried yawning_face yum zany_face
    zipper_mouth_face
    """.split()
)


def load_fashion_mnist():
    """Loads 5,000 pictures of Fashion-MNIST: 10 kinds of clothes, 28x28.

    400 training and 100 test pictures of each class, sorted by class: shuffle
    them.

    Reference:

    - [Xiao et al., 2017](https://arxiv.org/abs/1708.07747)

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays, pictures
        `(n, 28, 28)` and labels `(n,)`.
    """
    arrays = _load("fashion_mnist_5k.npz")
    return (
        (arrays["x_train"], arrays["y_train"]),
        (arrays["x_test"], arrays["y_test"]),
    )


def load_emoji_pairs():
    """Loads 459 emoji as drawn by Noto and by Twemoji, 64x64 over white.

    Smileys, animals, nature, food and drink. Row i of both is the same emoji,
    but not the same drawing.

    Returns:
        A dict of uint8 arrays `(n, 64, 64, 3)`, `a_train` and `a_test` by
        Noto, `b_train` and `b_test` by Twemoji, and of their names,
        `name_train` and `name_test`.
    """
    return _load("emoji64_pairs.npz")


def open_embedded_domains(name, channels_a=3, channels_b=3):
    """Opens one of the unpaired tasks that are made of the emoji pairs.

    - `"emoji_outlines"`: outlines (a) and coloured emoji (b), by Noto.
    - `"emoji_faces"`: the same of yellow faces only, by Twemoji.
    - `"emoji_styles"`: Noto (a) and Twemoji (b).

    Domain a is made of one half of the training emoji and domain b of the
    other half, so that no pair is in training; test pictures are true pairs.

    Args:
        name: String, one of the above.
        channels_a: 1, 3 or 4. Channels of domain a. Defaults to 3.
        channels_b: 1, 3 or 4. Channels of domain b. Defaults to 3.

    Returns:
        An `UnpairedDomains`.

    Raises:
        ValueError: If there is no task of this name.
    """
    _require_name(name, _DOMAINS)
    emoji = load_emoji_pairs()
    if name == "emoji_faces":
        emoji = _select(emoji, _FACES)
    # In the file, a is Noto and b is Twemoji.
    source_a = "b" if name == "emoji_faces" else "a"
    source_b = "a" if name == "emoji_outlines" else "b"

    def images_a(half, split):
        names = emoji[f"name_{split}"][half]
        pictures = emoji[f"{source_a}_{split}"][half]
        if name != "emoji_styles":
            pictures = outlines(pictures)
        return _to_images(pictures, f"{split}A", names, channels_a)

    def images_b(half, split):
        names = emoji[f"name_{split}"][half]
        pictures = emoji[f"{source_b}_{split}"][half]
        return _to_images(pictures, f"{split}B", names, channels_b)

    # Neighbours are of one kind, so every second one gives both halves all.
    return UnpairedDomains(
        train_a=images_a(slice(0, None, 2), "train"),
        train_b=images_b(slice(1, None, 2), "train"),
        test_a=images_a(slice(None), "test"),
        test_b=images_b(slice(None), "test"),
        test_is_paired=True,
        name=name,
    )


def open_embedded_images(name, channels=3):
    """Opens one of the sets of labelled pictures.

    - `"fashion_mnist"`: 10 kinds of clothes, 28x28.
    - `"emoji"`: the emoji of both designs, 64x64; the classes are the
      designs, noto and twemoji.
    - `"emoji_faces"`: the yellow faces among them.

    Args:
        name: String, one of the above.
        channels: 1, 3 or 4. Defaults to 3.

    Returns:
        A `LabelledImages`. No emoji of the test pictures is in training, by
        either design.

    Raises:
        ValueError: If there is no set of this name.
    """
    _require_name(name, _IMAGES)
    if name == "fashion_mnist":
        return _open_fashion_mnist(channels)
    emoji = load_emoji_pairs()
    if name == "emoji_faces":
        emoji = _select(emoji, _FACES)

    def open_split(split):
        names = emoji[f"name_{split}"]
        pictures = np.concatenate([emoji[f"a_{split}"], emoji[f"b_{split}"]])
        filenames = np.array([f"{d}/{n}" for d in _DRAWN_BY for n in names])
        labels = np.repeat(np.arange(2, dtype="int32"), len(names))
        return _to_images(pictures, split, filenames, channels), labels

    return LabelledImages(
        *open_split("train"), *open_split("test"), _DRAWN_BY, name
    )


def open_embedded_pairs(name, channels_a=3, channels_b=3):
    """Opens one of the paired tasks: outlines (a), and what they are of (b).

    - `"emoji_edges"`: all emoji, by Noto.
    - `"emoji_faces_edges"`: the yellow faces, by Twemoji.

    They are those of the unpaired tasks `"emoji_outlines"` and
    `"emoji_faces"`; here, all training emoji are pairs.

    Args:
        name: String, one of the above.
        channels_a: 1, 3 or 4. Channels of the outlines. Defaults to 3.
        channels_b: 1, 3 or 4. Channels of the emoji. Defaults to 3.

    Returns:
        A `PairedImages` with outlines as inputs and emoji as targets.

    Raises:
        ValueError: If there is no task of this name.
    """
    _require_name(name, _PAIRS)
    emoji, source = load_emoji_pairs(), "a"
    if name == "emoji_faces_edges":
        emoji, source = _select(emoji, _FACES), "b"

    def open_split(split):
        pictures = _to_images(
            emoji[f"{source}_{split}"],
            f"{split}B",
            emoji[f"name_{split}"],
            channels_b,
        )
        return EdgeImages(pictures, channels_a, f"{split}A"), pictures

    return PairedImages(*open_split("train"), *open_split("test"), name)


def _open_fashion_mnist(channels):
    def open_split(split, pictures, labels):
        images = pixels.convert_channels(pictures[..., None], channels)
        return image_set.ArrayImages(images, split), labels.astype("int32")

    train, test = load_fashion_mnist()
    return LabelledImages(
        *open_split("train", *train),
        *open_split("test", *test),
        _CLOTHES,
        "fashion_mnist",
    )


def _require_name(name, known):
    if name not in known:
        raise ValueError(
            f"`name` must be one of {', '.join(known)}. "
            f"Received: name={name!r}."
        )


def _load(filename):
    folder = importlib.resources.files("keras_gans.data") / "embedded"
    with (folder / filename).open("rb") as file:
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)


def _select(emoji, names):
    chosen = {
        split: np.isin(emoji[f"name_{split}"], list(names))
        for split in ("train", "test")
    }
    return {
        key: array[chosen[key.partition("_")[2]]]
        for key, array in emoji.items()
    }


def _to_images(pictures, name, filenames, channels):
    pictures = pixels.convert_channels(pictures, channels)
    return image_set.ArrayImages(pictures, name, filenames.tolist())
