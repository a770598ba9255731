"""Reads folders of IDX files, as MNIST and Fashion-MNIST are published.

The reader trusts nothing: it looks at the content and not at the extension,
reads no more than the header claims, and names the file in every error.
"""

import fnmatch
import gzip
import math
import re
import struct
import zlib

import numpy as np

from keras_gans.data import folders, image_set, images, pixels
from keras_gans.data.labelled_images import LabelledImages

MAX_BYTES = 2**30  # Unpacked, of one file; the largest EMNIST has half of it.

_BLOCK = 2**20  # Bytes read at once.
_GET_AGAIN = "Get the file again or remove it"
_GZIP_MAGIC = b"\x1f\x8b"
_NAME = re.compile(
    r"(train|t10k|test).*-(images|labels)[-.]idx[13]-ubyte(\.gz)?"
)
_UNSIGNED_BYTES = 0x08
_OTHER_VALUES = {
    0x09: "signed bytes",
    0x0B: "int16 values",
    0x0C: "int32 values",
    0x0D: "float32 values",
    0x0E: "float64 values",
}


def holds_idx_images(folder):
    """Whether there are files in a folder that are named as IDX pictures."""
    return any(_is_named(path, "*images*idx3*") for path in folder.iterdir())


def open_idx_images(data_dir, channels=1):
    """Opens a folder of IDX files of grey pictures and, if there, of labels.

    - `train*-images-idx3-ubyte`, with any letters for the star; needed.
    - `t10k*-images-idx3-ubyte` or `test*-images-idx3-ubyte`.
    - For each of them, the same name with `labels-idx1`.

    Each may be packed by gzip, with `.gz` behind its name, and may have a dot
    before `idx`. Files and folders with other names are left out.

    Reference:

    - [LeCun et al., The MNIST database](http://yann.lecun.com/exdb/mnist/)

    Args:
        data_dir: Path of the folder.
        channels: 1, 3 or 4. Defaults to 1.

    Returns:
        A `LabelledImages`. The names of the classes are the labels, from
        `"0"` to the largest of training and test.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds no training pictures, two files of one kind,
            or labels without pictures, or if `channels` is another value.
        ImageError: If a file can not be opened, is no IDX file of unsigned
            bytes, is damaged, cut off, longer than its header claims or
            larger than 1 GiB, or if pictures and labels differ in number.
    """
    if channels not in (1, 3, 4):
        raise ValueError(
            "`channels` must be 1, 3 or 4: the pictures of IDX files are "
            f"grey. Received: channels={channels!r}."
        )
    data_dir = folders.require_folder(data_dir)
    paths = _find_files(data_dir)
    train, train_labels = _open_split("train", paths, channels)
    test, test_labels = _open_split("test", paths, channels)
    num_classes = max(
        (
            int(labels.max()) + 1
            for labels in (train_labels, test_labels)
            if labels is not None
        ),
        default=0,
    )
    return LabelledImages(
        train=train,
        train_labels=train_labels,
        test=test,
        test_labels=test_labels,
        class_names=tuple(map(str, range(num_classes))),
        name=data_dir.resolve().name,
    )


def _is_named(path, *patterns):
    """Whether a path is a file, not hidden, of a name like one of these."""
    return (
        any(fnmatch.fnmatchcase(path.name, pattern) for pattern in patterns)
        and path.name[0] != "."
        and path.is_file()
    )


def _find_files(data_dir):
    """Maps `(split, "images" or "labels")` to the path of its file."""
    found = sorted(
        path
        for path in data_dir.iterdir()
        if _is_named(path, "*images*idx3*", "*labels*idx1*")
    )
    paths = {}
    for path in found:
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(
                f"{data_dir} must hold IDX files named as those of MNIST, "
                "such as train-images-idx3-ubyte.gz and "
                "t10k-labels-idx1-ubyte.gz, and no others. "
                f"Found: {path.name}. Rename or remove it."
            )
        split = "train" if match[1] == "train" else "test"
        key = (split, match[2])
        if key in paths:
            raise ValueError(
                f"{data_dir} must hold one file of {' '.join(key)}. "
                f"Found: {paths[key].name}, {path.name}. Remove one."
            )
        paths[key] = path
    _require_complete(paths, data_dir, found)
    return paths


def _require_complete(paths, data_dir, found):
    """Refuses a folder without pictures, or labels, that others need."""
    needed = {("train", "images"): ""}
    if ("test", "labels") in paths:
        beside = f" beside {paths['test', 'labels'].name}"
        # Without labels in training there are no classes to compare with.
        needed |= {("test", "images"): beside, ("train", "labels"): beside}
    for key, why in needed.items():
        if key not in paths:
            names = folders.join_names([path.name for path in found])
            raise ValueError(
                f"{data_dir} must hold a file of {' '.join(key)}{why}, named "
                "as that of MNIST, such as train-images-idx3-ubyte.gz. "
                f"Found: {names}."
            )


def _open_split(split, paths, channels):
    """Reads the pictures and labels of a split; None for what is not there."""
    if (split, "images") not in paths:
        return None, None
    images_path = paths[split, "images"]
    pictures = _read_idx(images_path, num_dimensions=3)
    labels = None
    if (split, "labels") in paths:
        labels_path = paths[split, "labels"]
        labels = _read_idx(labels_path, num_dimensions=1).astype("int32")
        if len(labels) != len(pictures):
            raise _refusal(
                labels_path,
                f"holds {len(labels)} labels, but {images_path.name} holds "
                f"{len(pictures)} pictures",
                "Get both files again from one place",
            )
    pictures = pixels.convert_channels(pictures[..., None], channels)
    return image_set.ArrayImages(pictures, split), labels


def _read_idx(path, num_dimensions):
    """Reads one file to a uint8 array of as many dimensions."""
    try:
        with open(path, "rb") as file:
            is_packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            if is_packed:
                file = gzip.GzipFile(fileobj=file)
            shape = _read_header(file, path, num_dimensions)
            return _read_values(file, path, shape)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _refusal(
            path, f"is damaged or cut off ({error})", _GET_AGAIN
        ) from error
    except OSError as error:
        raise _refusal(
            path,
            f"cannot be opened ({error.strerror})",
            "Check the path and its permissions",
        ) from error


def _read_header(file, path, num_dimensions):
    """Reads the magic number and the sizes, and returns the sizes."""
    magic = file.read(4)
    if not magic:
        raise _refusal(path, "is empty", _GET_AGAIN)
    # Two zeros, the kind of the values, and the number of dimensions.
    known = (_UNSIGNED_BYTES, *_OTHER_VALUES)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in known:
        raise _refusal(
            path, f"is not an IDX file (it begins with {magic!r})", _GET_AGAIN
        )
    if magic[2] != _UNSIGNED_BYTES:
        raise _refusal(
            path,
            f"holds {_OTHER_VALUES[magic[2]]}",
            "Save unsigned bytes, the IDX type 0x08",
        )
    if magic[3] != num_dimensions:
        raise _refusal(
            path,
            f"has {magic[3]} dimensions, not {num_dimensions}",
            "Pictures are (count, height, width), and labels (count,)",
        )
    header = file.read(4 * num_dimensions)
    if len(header) < 4 * num_dimensions:
        raise _refusal(path, "is cut off in its header", _GET_AGAIN)
    shape = struct.unpack(f">{num_dimensions}I", header)
    if 0 in shape:
        raise _refusal(
            path, f"holds nothing: its sizes are {shape}", _GET_AGAIN
        )
    if math.prod(shape) > MAX_BYTES:
        raise _refusal(
            path,
            f"claims {math.prod(shape)} bytes, sizes {shape}, and more than "
            f"{MAX_BYTES} are not read",
            "Keep fewer pictures, or save them as files",
        )
    return shape


def _read_values(file, path, shape):
    """Reads what the header claims and no more, whatever the file holds."""
    claimed = math.prod(shape)
    values = bytearray()
    # Block by block, so that memory is taken for what is there, not for what
    # is claimed. One byte more tells of a longer file, and lets gzip compare
    # its check sum, which it does at the end only.
    while block := file.read(min(_BLOCK, claimed + 1 - len(values))):
        values += block
    if len(values) < claimed:
        raise _refusal(
            path,
            f"is cut off: its sizes {shape} make {claimed} bytes, and it "
            f"holds {len(values)}",
            _GET_AGAIN,
        )
    if len(values) > claimed:
        raise _refusal(
            path,
            f"goes on behind the {claimed} bytes of its sizes {shape}",
            _GET_AGAIN,
        )
    return np.frombuffer(values, "uint8").reshape(shape)


def _refusal(path, problem, remedy):
    return images.ImageError(f"{path}: {problem}. {remedy}.")
