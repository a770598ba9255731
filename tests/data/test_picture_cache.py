import concurrent.futures
import errno
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans import data
from keras_gans.data import picture_cache, tfds_images
from tests.data.files import encode, noisy

SIZE = (6, 7)


def write_files(folder, count=5, seed=0):
    """PNG files of noise, 9 x 11."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(noisy(count, seed).load((9, 11))):
        Image.fromarray(picture).save(folder / f"{index}.png")
    return data.ImageFiles(data.list_images(folder), folder.name)


@pytest.fixture
def files(tmp_path):
    return write_files(tmp_path / "pictures")


@pytest.fixture
def cache_dir(tmp_path):
    return tmp_path / "cache"


class Reads:
    """Tells whether pictures were read."""

    def __init__(self):
        self.calls = []

    def __call__(self, done, total):
        self.calls.append((done, total))


def keep(images, cache_dir, size=SIZE, cache="file"):
    """The pictures that are kept, and how many were read for it."""
    reads = Reads()
    [kept] = picture_cache.keep([images], size, cache, cache_dir, reads)
    return kept.numpy(), len(reads.calls)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_file_holds_what_is_read_and_is_found_again(files, cache_dir):
    first, num_read = keep(files, cache_dir)
    assert num_read == 5
    np.testing.assert_array_equal(first, files.load(SIZE))
    again, num_read = keep(files, cache_dir)
    assert num_read == 0
    np.testing.assert_array_equal(first, again)
    [name] = names(cache_dir)
    assert re.fullmatch(r"pictures_6x7_[0-9a-f]{32}\.uint8", name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_kept_pictures_are_of_their_dtype(dtype, cache_dir):
    array = np.arange(3 * 9 * 11 * 2).reshape(3, 9, 11, 2)
    array = (array % 251 / 255).astype("float32")
    if dtype != "float32":
        array = (array * np.iinfo(dtype).max).astype(dtype)
    images = data.ArrayImages(array, "train")
    for cache in ("memory", "file"):
        kept, _ = keep(images, cache_dir, cache=cache)
        assert kept.dtype == dtype
        np.testing.assert_array_equal(kept, images.load(SIZE))


def touch(files):
    path = pathlib.Path(files._location(2))
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    return files


def grow(files):
    path = pathlib.Path(files._location(2))
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + b"\0")
    os.utime(path, ns=times)
    return files


def rename(files):
    path = pathlib.Path(files._location(0))
    path.rename(path.with_name("renamed.png"))
    return data.ImageFiles(data.list_images(path.parent), files.name)


def reopen(**options):
    def change(files):
        paths = [files._location(index) for index in range(len(files))]
        return data.ImageFiles(paths, files.name, **options)

    return change


# What reads other pictures must not find these.
CHANGES = {
    "time": touch,
    "length": grow,
    "name": rename,
    "fewer": lambda files: data.ImageFiles(
        [files._location(index) for index in range(4)], files.name
    ),
    "order": lambda files: data.ImageFiles(
        [files._location(index) for index in (1, 0, 2, 3, 4)], files.name
    ),
    "channels": reopen(channels=1),
    "label_maps": data.LabelMaps,
    "edges": data.EdgeImages,
    "edges_of_one_channel": lambda files: data.EdgeImages(files, 1),
    "left": lambda files: data.HalfImages(files, "left", files.name),
    "right": lambda files: data.HalfImages(files, "right", files.name),
}


def test_whatever_changes_the_pictures_makes_another_file(tmp_path):
    identities = []
    for case, change in {"none": lambda files: files, **CHANGES}.items():
        files = write_files(tmp_path / "pictures")
        # Equal times, so that nothing but the change tells them apart.
        for index in range(len(files)):
            os.utime(files._location(index), ns=(0, 10**18))
        images = change(files)
        identities.append(repr(images.identity()))
        assert identities.count(identities[-1]) == 1, case
        for path in (tmp_path / "pictures").iterdir():
            path.unlink()


def test_size_makes_another_file(files, cache_dir):
    for size in (SIZE, (7, 6), SIZE):
        kept, _ = keep(files, cache_dir, size)
        np.testing.assert_array_equal(kept, files.load(size))
    assert len(names(cache_dir)) == 2


def test_files_of_equal_names_sizes_and_times_are_told_apart(tmp_path):
    one, other = (write_files(tmp_path / name) for name in ("one", "other"))
    assert one.identity() != other.identity()


def test_sides_of_pairs_are_found_only_together(tmp_path, cache_dir):
    def pipeline():
        sides = [
            data.ImageFiles(data.list_images(tmp_path / name), name)
            for name in "ab"
        ]
        reads = Reads()
        data.PairedPipeline(
            *sides, SIZE, cache="file", cache_dir=cache_dir, on_read=reads
        )
        return reads.calls

    write_files(tmp_path / "a", 3, 0)
    write_files(tmp_path / "b", 3, 1)
    assert pipeline() == [(n, 6) for n in range(1, 7)]
    assert pipeline() == []
    # Not so large as its partner any more, which only reading both can tell.
    Image.fromarray(np.zeros((9, 12, 3), "uint8")).save(tmp_path / "b/1.png")
    with pytest.raises(data.ImageError, match="Bring both to one size"):
        pipeline()


def test_pictures_of_tensorflow_datasets_are_told_by_their_bytes(cache_dir):
    encoded = [
        encode(Image.fromarray(picture))
        for picture in noisy(3, 0).load((9, 11))
    ]
    images, again, others = (
        tfds_images.EncodedImages(files, "train")
        for files in (encoded, list(encoded), encoded[::-1])
    )
    assert keep(images, cache_dir)[1] == 3
    assert keep(again, cache_dir)[1] == 0
    assert keep(others, cache_dir)[1] == 3


PIPELINES = {
    "images": lambda files, **options: data.ImagePipeline(
        files, SIZE, (9, 9), 2, flip=True, **options
    ),
    "unpaired": lambda files, **options: data.UnpairedPipeline(
        files, files, SIZE, (9, 9), 2, **options
    ),
    "paired": lambda files, **options: data.PairedPipeline(
        files, files, SIZE, (9, 9), 2, **options
    ),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_batches_do_not_depend_on_the_cache(kind, files, cache_dir):
    batches = [
        [
            tf.nest.flatten(batch)
            for batch in PIPELINES[kind](
                files, cache=cache, cache_dir=cache_dir
            )
            .dataset(3)
            .take(8)
        ]
        for cache in ("memory", "file", "file", "none")
    ]
    for others in batches[1:]:
        for batch, other in zip(batches[0], others, strict=True):
            for tensor, its in zip(batch, other, strict=True):
                np.testing.assert_array_equal(tensor, its)


def test_auto_takes_memory_up_to_its_limit_then_a_file(
    files, cache_dir, monkeypatch
):
    monkeypatch.setattr(picture_cache, "_MEMORY_LIMIT", 2 * 5 * 6 * 7 * 3)

    def kept(size, folder):
        sets = picture_cache.keep([files, files], size, "auto", folder)
        return [images is not None for images in sets]

    assert kept(SIZE, cache_dir) == [True, True]
    assert not cache_dir.exists()
    assert kept((6, 8), None) == [False, False]
    assert kept((6, 8), cache_dir) == [True, True]
    assert len(names(cache_dir)) == 1


def test_limit_is_2_gib():
    assert picture_cache._MEMORY_LIMIT == 2_147_483_648


def test_progress_counts_what_is_read_of_all_sets(files, cache_dir, tmp_path):
    more = write_files(tmp_path / "more", 3, 1)
    keep(files, cache_dir)
    for cache, count in (("file", 3), ("file", 0), ("memory", 8)):
        reads = Reads()
        picture_cache.keep([files, more], SIZE, cache, cache_dir, reads)
        assert reads.calls == [(n + 1, count) for n in range(count)]


def test_bad_pictures_leave_nothing_behind(files, cache_dir, tmp_path):
    (tmp_path / "pictures" / "3.png").write_bytes(b"")
    with pytest.raises(data.ImageError, match=r"3\.png: is empty\.[^$]*1 of"):
        keep(files, cache_dir)
    assert not cache_dir.exists()


def test_a_folder_with_other_files_stays(files, cache_dir, tmp_path):
    (tmp_path / "pictures" / "3.png").write_bytes(b"")
    cache_dir.mkdir()
    (cache_dir / "other").write_text("")
    with pytest.raises(data.ImageError):
        keep(files, cache_dir)
    assert names(cache_dir) == ["other"]


def test_full_disk_is_told_in_a_sentence(files, cache_dir, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", refuse)
    message = (
        f"The pictures of pictures can not be kept in {cache_dir}: No space "
        "left on device. They need 0.0 GiB. Make room, give another "
        "`cache_dir`, or read them anew in each epoch, with `cache` none."
    )
    with pytest.raises(OSError, match=f"^{re.escape(message)}$"):
        keep(files, cache_dir)
    assert not cache_dir.exists()


def test_disk_that_is_too_small_is_told_before_reading(
    files, cache_dir, monkeypatch
):
    usage = picture_cache.shutil.disk_usage
    monkeypatch.setattr(
        picture_cache.shutil,
        "disk_usage",
        lambda path: usage(path)._replace(free=5 * 6 * 7 * 3 - 1),
    )
    reads = Reads()
    with pytest.raises(OSError, match="there is not enough space"):
        picture_cache.keep([files], SIZE, "file", cache_dir, reads)
    assert not reads.calls
    assert not cache_dir.exists()


def test_file_of_another_length_is_not_believed(files, cache_dir):
    keep(files, cache_dir)
    [name] = names(cache_dir)
    (cache_dir / name).write_bytes(b"1234")
    message = (
        f"{cache_dir / name} must have 630 bytes. It has 4: something else "
        "has changed it. Remove it."
    )
    with pytest.raises(OSError, match=f"^{re.escape(message)}$"):
        keep(files, cache_dir)


def test_short_writes_are_finished(files, cache_dir, monkeypatch):
    pwrite = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda fd, rest, at: pwrite(fd, rest[:5], at)
    )
    np.testing.assert_array_equal(keep(files, cache_dir)[0], files.load(SIZE))


KILLED = """
import sys, time
from keras_gans import data
from keras_gans.data import picture_cache

def wait(done, total):
    if done == 3:
        print("reading", flush=True)
        time.sleep(600)

folder, cache_dir = sys.argv[1:]
files = data.ImageFiles(data.list_images(folder), "pictures")
picture_cache.keep([files], (6, 7), "file", cache_dir, wait)
"""


def test_killed_writing_leaves_no_file_and_is_overwritten(
    files, cache_dir, tmp_path
):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "pictures", cache_dir],
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"reading\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [name] = names(cache_dir)
    assert name.startswith(".") and name.endswith(".unfinished")
    kept, num_read = keep(files, cache_dir)
    assert num_read == 5
    np.testing.assert_array_equal(kept, files.load(SIZE))
    assert names(cache_dir) == [
        name.removeprefix(".").removesuffix(".unfinished")
    ]


def test_of_two_that_write_one_waits(files, cache_dir):
    one_reads, other_is_told = threading.Event(), threading.Event()

    def wait(done, total):
        one_reads.set()
        other_is_told.wait()

    reads = Reads()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        arguments = picture_cache.keep, [files], SIZE, "file", cache_dir
        one = pool.submit(*arguments, wait)
        one_reads.wait()
        other = pool.submit(*arguments, reads)
        with pytest.raises(concurrent.futures.TimeoutError):
            other.result(timeout=0.2)
        other_is_told.set()
    assert not reads.calls
    for kept in (one.result(), other.result()):
        np.testing.assert_array_equal(kept[0], files.load(SIZE))
    assert len(names(cache_dir)) == 1


class Nameless(data.ImageSet):
    def _decode(self, index):
        return np.full((2, 2, 1), index, "uint8")


def test_sets_without_identity_are_kept_in_memory_only(cache_dir):
    images = Nameless("mine", 1, ["one", "two"])
    kept, _ = keep(images, cache_dir, (2, 2), "memory")
    assert kept[:, 0, 0, 0].tolist() == [0, 1]
    message = (
        "mine must have an `identity`, by which a file of its pictures is "
        "found again. Write that method of its class, or pass cache='none' or "
        "'memory'."
    )
    for view in (images, data.LabelMaps(images), data.EdgeImages(images)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            keep(view, cache_dir)
    assert not cache_dir.exists()


def test_a_file_needs_a_folder(files):
    message = (
        "`cache_dir` must be a folder if `cache` is 'file'. "
        "Received: cache_dir=None."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.UnpairedPipeline(files, files, SIZE, cache="file")
