import gzip
import re
import struct
import tracemalloc

import numpy as np
import pytest

from keras_gans import data
from keras_gans.data import idx_images

TRAIN = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"


def idx(sizes, values, kind=0x08):
    """An IDX file by hand: zeros, kind, rank, big-endian sizes, values."""
    header = struct.pack(f">HBB{len(sizes)}I", 0, kind, len(sizes), *sizes)
    return header + bytes(values)


# Three pictures, 2 high and 4 wide, of the values 0 to 23.
PICTURES = idx((3, 2, 4), range(24))
TEST_PICTURES = idx((1, 2, 4), range(100, 108))
LABELS = idx((3,), (2, 0, 1))


def fill(folder, **contents):
    """Writes files: `train`, `train_labels`, `test`, `test_labels`."""
    names = {
        "train": TRAIN,
        "train_labels": TRAIN_LABELS,
        "test": TEST,
        "test_labels": TEST_LABELS,
    }
    for key, content in contents.items():
        (folder / names[key]).write_bytes(content)
    return folder


def refuse(folder, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$") as caught:
        data.open_images(folder, channels=1)
    assert caught.type is error


def test_pictures_and_labels(tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    fill(
        folder,
        train=PICTURES,
        train_labels=LABELS,
        test=TEST_PICTURES,
        test_labels=idx((1,), [4]),
    )
    images = data.open_images(folder, channels=1)
    assert images.name == "digits"
    assert images.class_names == ("0", "1", "2", "3", "4")
    assert (images.train.name, images.test.name) == ("train", "test")
    np.testing.assert_array_equal(
        images.train.load((2, 4)), np.arange(24).reshape(3, 2, 4, 1)
    )
    # The last picture, row by row.
    assert images.train.read(2, (2, 4))[..., 0].tolist() == [
        [16, 17, 18, 19],
        [20, 21, 22, 23],
    ]
    assert images.test.load((2, 4)).ravel().tolist() == list(range(100, 108))
    assert images.train_labels.tolist() == [2, 0, 1]
    assert images.test_labels.tolist() == [4]
    assert images.train_labels.dtype == images.test_labels.dtype == np.int32


def test_labels_and_test_pictures_may_be_absent(tmp_path):
    images = data.open_images(fill(tmp_path, train=PICTURES), channels=1)
    assert len(images.train) == 3 and images.class_names == ()
    assert images.train_labels is images.test is images.test_labels is None
    fill(tmp_path, train_labels=LABELS, test=TEST_PICTURES)
    images = data.open_images(tmp_path, channels=1)
    assert images.num_classes == 3
    assert len(images.test) == 1 and images.test_labels is None


@pytest.mark.parametrize("channels", [3, 4])
def test_grey_becomes_colour(tmp_path, channels):
    fill(tmp_path, train=PICTURES)
    loaded = data.open_images(tmp_path, channels).train.load((2, 4))
    grey = np.arange(24).reshape(3, 2, 4, 1)
    assert loaded.shape == (3, 2, 4, channels)
    np.testing.assert_array_equal(loaded[..., :3], np.repeat(grey, 3, axis=-1))
    assert np.all(loaded[..., 3:] == 255)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (f"{TRAIN}.gz", f"{TEST}.gz"),
        ("train-images.idx3-ubyte", "t10k-images.idx3-ubyte"),
        ("train5k-images-idx3-ubyte.gz", "test-images-idx3-ubyte"),
        ("train_small-images.idx3-ubyte.gz", "test2-images.idx3-ubyte.gz"),
    ],
)
def test_names(tmp_path, train, test):
    contents = {train: PICTURES, test: TEST_PICTURES}
    for name, content in contents.items():
        if name.endswith(".gz"):
            content = gzip.compress(content)
        (tmp_path / name).write_bytes(content)
        labels = name.replace("images", "labels").replace("idx3", "idx1")
        count = 3 if content is contents[train] or name == train else 1
        (tmp_path / labels).write_bytes(idx((count,), range(count)))
    images = data.open_images(tmp_path, channels=1)
    assert (len(images.train), len(images.test)) == (3, 1)
    assert images.train_labels.tolist() == [0, 1, 2]
    assert images.test_labels.tolist() == [0]


def test_packing_is_told_by_the_content(tmp_path):
    (tmp_path / f"{TRAIN}.gz").write_bytes(PICTURES)
    fill(tmp_path, test=gzip.compress(TEST_PICTURES))
    images = data.open_idx_images(tmp_path)
    assert (len(images.train), len(images.test)) == (3, 1)
    assert images.train.channels == 1


def test_other_and_hidden_files_and_folders_are_left_out(tmp_path):
    fill(tmp_path, train=PICTURES)
    (tmp_path / "README.md").write_text("text")
    (tmp_path / f"._{TRAIN}").write_bytes(b"of a file manager")
    # Some archives hold a folder of this name beside the file.
    (tmp_path / "train-images.idx3-ubyte").mkdir()
    assert len(data.open_images(tmp_path).train) == 3


def test_folders_of_pictures_are_still_opened(tmp_path):
    (tmp_path / TRAIN).mkdir()
    np.save(tmp_path / TRAIN / "0.npy", np.zeros((2, 2, 1), "uint8"))
    images = data.open_images(tmp_path, channels=1)
    assert images.class_names == (TRAIN,)


def test_opened_sets_go_through_the_pipeline(tmp_path):
    fill(tmp_path, train=PICTURES, train_labels=LABELS)
    images = data.open_images(tmp_path, channels=1)
    pipeline = data.ImagePipeline(
        images.train,
        (2, 4),
        batch_size=3,
        labels=images.train_labels,
        num_classes=images.num_classes,
    )
    pictures, labels = next(iter(pipeline.dataset()))
    first_values = data.to_uint8(pictures)[:, 0, 0, 0]
    label_of = {0: 2, 8: 0, 16: 1}
    assert [
        label_of[value] for value in first_values
    ] == labels.numpy().tolist()


PACKED = gzip.compress(PICTURES)
AGAIN = "Get the file again or remove it."
BAD_FILES = {
    "empty": (b"", f"is empty. {AGAIN}"),
    "empty_packed": (gzip.compress(b""), f"is empty. {AGAIN}"),
    "html": (
        b"<!DOCTYPE html>404",
        f"is not an IDX file (it begins with b'<!DO'). {AGAIN}",
    ),
    "little_endian": (
        b"\x03\x08\0\0" + PICTURES[4:],
        f"is not an IDX file (it begins with b'\\x03\\x08\\x00\\x00'). {AGAIN}",
    ),
    "unknown_kind": (
        idx((3, 2, 4), range(24), kind=0x0A),
        f"is not an IDX file (it begins with b'\\x00\\x00\\n\\x03'). {AGAIN}",
    ),
    "magic_cut_off": (
        PICTURES[:3],
        f"is not an IDX file (it begins with b'\\x00\\x00\\x08'). {AGAIN}",
    ),
    "floats": (
        idx((3, 2, 4), bytes(96), kind=0x0D),
        "holds float32 values. Save unsigned bytes, the IDX type 0x08.",
    ),
    "signed": (
        idx((3, 2, 4), range(24), kind=0x09),
        "holds signed bytes. Save unsigned bytes, the IDX type 0x08.",
    ),
    "labels": (
        LABELS,
        "has 1 dimensions, not 3. Pictures are (count, height, width), and "
        "labels (count,).",
    ),
    "colour": (
        idx((1, 2, 4, 3), range(24)),
        "has 4 dimensions, not 3. Pictures are (count, height, width), and "
        "labels (count,).",
    ),
    "header_cut_off": (PICTURES[:15], f"is cut off in its header. {AGAIN}"),
    "no_pictures": (
        idx((0, 28, 28), b""),
        f"holds nothing: its sizes are (0, 28, 28). {AGAIN}",
    ),
    "no_width": (
        idx((3, 28, 0), b""),
        f"holds nothing: its sizes are (3, 28, 0). {AGAIN}",
    ),
    "cut_off": (
        PICTURES[:-1],
        "is cut off: its sizes (3, 2, 4) make 24 bytes, and it holds 23. "
        f"{AGAIN}",
    ),
    "cut_off_then_packed": (
        gzip.compress(PICTURES[:-1]),
        "is cut off: its sizes (3, 2, 4) make 24 bytes, and it holds 23. "
        f"{AGAIN}",
    ),
    "trailing": (
        PICTURES + b"\0",
        f"goes on behind the 24 bytes of its sizes (3, 2, 4). {AGAIN}",
    ),
    "trailing_then_packed": (
        gzip.compress(PICTURES + b"\0"),
        f"goes on behind the 24 bytes of its sizes (3, 2, 4). {AGAIN}",
    ),
    "two_packed_files": (
        PACKED + PACKED,
        f"goes on behind the 24 bytes of its sizes (3, 2, 4). {AGAIN}",
    ),
    "enormous": (
        idx((2**32 - 1,) * 3, range(24)),
        f"claims {(2**32 - 1) ** 3} bytes, sizes (4294967295, 4294967295, "
        "4294967295), and more than 1073741824 are not read. Keep fewer "
        "pictures, or save them as files.",
    ),
    "large_claim": (
        idx((2**20, 32, 32), range(24)),
        "is cut off: its sizes (1048576, 32, 32) make 1073741824 bytes, and "
        f"it holds 24. {AGAIN}",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_is_named_and_explained(case, tmp_path):
    content, sentence = BAD_FILES[case]
    fill(tmp_path, train=content)
    refuse(tmp_path, data.ImageError, f"{tmp_path / TRAIN}: {sentence}")


def flip(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


BAD_PACKED_FILES = {
    "magic_only": (PACKED[:2], "Compressed file ended"),
    "cut_off": (PACKED[:-12], "Compressed file ended"),
    "check_sum_cut_off": (PACKED[:-3], "Compressed file ended"),
    "check_sum": (flip(PACKED, -8), "CRC check failed"),
    "trailing": (PACKED + b"hello", "Not a gzipped file"),
    "blocks": (PACKED[:10] + b"\xff" * 30, "invalid block type"),
}


@pytest.mark.parametrize("case", BAD_PACKED_FILES)
def test_damaged_gzip_is_named(case, tmp_path):
    content, cause = BAD_PACKED_FILES[case]
    path = tmp_path / f"{TRAIN}.gz"
    path.write_bytes(content)
    message = (
        rf"{re.escape(str(path))}: is damaged or cut off \(.*{cause}.*\)\. "
        r"Get the file again or remove it\."
    )
    with pytest.raises(data.ImageError) as error:
        data.open_images(tmp_path)
    assert re.fullmatch(message, str(error.value)), str(error.value)


def memory_of_opening(folder):
    tracemalloc.start()
    try:
        data.open_idx_images(folder)
    except data.ImageError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize("kind", ["bomb", "claim", "honest"])
def test_memory_is_taken_for_what_is_claimed_and_there(tmp_path, kind):
    megabyte = 2**20
    if kind == "bomb":
        body = bytes(32 * megabyte)
        content = gzip.compress(PICTURES + body, compresslevel=1)
    elif kind == "claim":
        content = gzip.compress(idx((2**20, 32, 32), range(24)))
    else:
        content = gzip.compress(idx((8, 1024, 1024), bytes(8 * megabyte)), 1)
    fill(tmp_path, train=content)
    peak = memory_of_opening(tmp_path)
    # The honest one shows that what is counted is what is held.
    assert peak > 8 * megabyte if kind == "honest" else peak < 4 * megabyte


def test_limit_counts_unpacked_bytes(tmp_path, monkeypatch):
    fill(tmp_path, train=gzip.compress(PICTURES))
    monkeypatch.setattr(idx_images, "MAX_BYTES", 24)
    assert len(data.open_images(tmp_path).train) == 3
    monkeypatch.setattr(idx_images, "MAX_BYTES", 23)
    with pytest.raises(data.ImageError, match="more than 23 are not read"):
        data.open_images(tmp_path)


@pytest.mark.parametrize("split", ["train", "test"])
def test_counts_that_differ_are_refused(tmp_path, split):
    fill(
        tmp_path,
        train=PICTURES,
        train_labels=LABELS,
        test=PICTURES,
        test_labels=LABELS,
    )
    fill(tmp_path, **{f"{split}_labels": idx((2,), (0, 1))})
    names = {"train": (TRAIN_LABELS, TRAIN), "test": (TEST_LABELS, TEST)}
    labels, pictures = names[split]
    refuse(
        tmp_path,
        data.ImageError,
        f"{tmp_path / labels}: holds 2 labels, but {pictures} holds 3 "
        "pictures. Get both files again from one place.",
    )


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        (
            (TEST,),
            "a file of train images, named as that of MNIST, such as "
            f"train-images-idx3-ubyte.gz. Found: {TEST}.",
        ),
        (
            (TEST_LABELS, TRAIN),
            f"a file of test images beside {TEST_LABELS}, named as that of "
            "MNIST, such as train-images-idx3-ubyte.gz. "
            f"Found: {TEST_LABELS}, {TRAIN}.",
        ),
        (
            (TEST, TEST_LABELS, TRAIN),
            f"a file of train labels beside {TEST_LABELS}, named as that of "
            "MNIST, such as train-images-idx3-ubyte.gz. "
            f"Found: {TEST}, {TEST_LABELS}, {TRAIN}.",
        ),
        (
            (TRAIN, f"{TRAIN}.gz"),
            f"one file of train images. Found: {TRAIN}, {TRAIN}.gz. Remove "
            "one.",
        ),
        (
            (TRAIN, "train5k-images-idx3-ubyte.gz"),
            f"one file of train images. Found: {TRAIN}, "
            "train5k-images-idx3-ubyte.gz. Remove one.",
        ),
        (
            (TRAIN, TEST, "test-images-idx3-ubyte"),
            f"one file of test images. Found: {TEST}, "
            "test-images-idx3-ubyte. Remove one.",
        ),
        (
            (TRAIN, TRAIN_LABELS, "train-labels.idx1-ubyte"),
            f"one file of train labels. Found: {TRAIN_LABELS}, "
            "train-labels.idx1-ubyte. Remove one.",
        ),
        (
            (TRAIN, "emnist-letters-images-idx3-ubyte.gz"),
            "IDX files named as those of MNIST, such as "
            "train-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, and no "
            "others. Found: emnist-letters-images-idx3-ubyte.gz. Rename or "
            "remove it.",
        ),
        (
            (TRAIN, f"{TRAIN}.part"),
            "IDX files named as those of MNIST, such as "
            "train-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, and no "
            f"others. Found: {TRAIN}.part. Rename or remove it.",
        ),
    ],
    ids=[
        "no_train",
        "labels_without_pictures",
        "labels_of_test_only",
        "packed_and_not",
        "two_train",
        "two_test",
        "two_labels",
        "other_set",
        "half_a_download",
    ],
)
def test_other_folders_are_refused(tmp_path, files, refusal):
    for name in files:
        (tmp_path / name).write_bytes(LABELS if "labels" in name else PICTURES)
    refuse(tmp_path, ValueError, f"{tmp_path} must hold {refusal}")


def test_other_channels_are_refused(tmp_path):
    fill(tmp_path, train=PICTURES)
    message = (
        "`channels` must be 1, 3 or 4: the pictures of IDX files are grey. "
        "Received: channels=2."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images(tmp_path, channels=2)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no such folder"):
        data.open_idx_images(tmp_path / "mnist")


@pytest.mark.parametrize("content", [PICTURES, PACKED], ids=["plain", "gzip"])
def test_random_damage_gives_pictures_or_an_image_error(content, tmp_path):
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        damaged = bytearray(content[: generator.integers(1, len(content) + 9)])
        for place in generator.integers(0, min(len(damaged), 40), 2):
            damaged[place] = generator.integers(0, 256)
        fill(tmp_path, train=damaged)
        try:
            images = data.open_idx_images(tmp_path)
        except data.ImageError as error:
            refused += 1
            assert str(error).startswith(f"{tmp_path / TRAIN}: ")
        else:
            assert images.train.load((2, 4)).shape[1:] == (2, 4, 1)
    assert refused > 100
