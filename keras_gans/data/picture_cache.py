"""Where resized pictures are kept: in memory, in files, or nowhere.

A file holds the pictures of one set at one size, one behind the other, and is
mapped into memory: the system loads what is used, and drops it when memory is
needed for other things. Its name tells a hash of all that the pictures depend
on, so that a file which is there is right. It gets that name when it is whole
and on the disk; a writing that is killed leaves a hidden file, which the next
one overwrites.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import json
import math
import mmap
import os
import pathlib
import re
import shutil

import numpy as np
import PIL
import tensorflow as tf

CACHE_MODES = ("auto", "memory", "file", "none")

_MEMORY_LIMIT = 2 * 2**30  # Bytes.
# To be raised when the same files are read to other pictures.
_FORMAT_VERSION = 1


def keep(image_sets, size, cache, cache_dir, on_read=None):
    """Reads sets of pictures at one size, or finds what was read before.

    Args:
        image_sets: List of `ImageSet`.
        size: `(height, width)` to resize to.
        cache: `"memory"`; `"file"`, in files in `cache_dir`; `"none"`; or
            `"auto"`: in memory if all sets together take at most 2 GiB, else
            in files if there is a `cache_dir`, else nowhere.
        cache_dir: Folder of the files, made if need be, or None. Several
            sets, sizes, runs and processes can share it.
        on_read: Function of two integers, called after each picture that is
            read: how many are read, and how many are to be; or None.

    Returns:
        List of tensors `(n, *size, channels)` on the CPU; None for each set
        that is kept nowhere.

    Raises:
        ValueError: If `cache` is another value, or if it is `"file"` and
            there is no `cache_dir`, or if a set has no `identity` to find its
            file by.
        ImageError: If pictures can not be read.
        OSError: If the disk refuses; no part of a file is left.
    """
    if cache not in CACHE_MODES:
        raise ValueError(
            f"`cache` must be one of {', '.join(CACHE_MODES)}. "
            f"Received: cache={cache!r}."
        )
    if cache == "file" and cache_dir is None:
        raise ValueError(
            "`cache_dir` must be a folder if `cache` is 'file'. "
            "Received: cache_dir=None."
        )
    needed = sum(_num_bytes(images, size) for images in image_sets)
    in_memory = cache == "memory" or (
        cache == "auto" and needed <= _MEMORY_LIMIT
    )
    if not in_memory and (cache == "none" or cache_dir is None):
        return [None] * len(image_sets)
    if in_memory:
        paths = [None] * len(image_sets)
    else:
        folder = pathlib.Path(cache_dir).expanduser()
        paths = [folder / _file_name(images, size) for images in image_sets]
    missing = [
        len(images)
        for images, path in zip(image_sets, paths)
        if path is None or not path.exists()
    ]
    count = _counter(sum(missing), on_read)
    return [
        _load(images, size, count)
        if path is None
        else _open(path, images, size, count)
        for images, path in zip(image_sets, paths)
    ]


def _shape(images, size):
    return len(images), *size, images.channels


def _num_bytes(images, size):
    return math.prod(_shape(images, size)) * images.dtype.itemsize


def _file_name(images, size):
    identity = images.identity()
    if identity is None:
        raise ValueError(
            f"{images.name} must have an `identity`, by which a file of its "
            "pictures is found again. Write that method of its class, or pass "
            "cache='none' or 'memory'."
        )
    height, width = size
    known = [
        _FORMAT_VERSION,
        PIL.__version__,
        images.dtype.str,
        _shape(images, size),
        identity,
    ]
    digest = hashlib.blake2b(json.dumps(known).encode(), digest_size=16)
    name = re.sub(r"\W+", "_", images.name)
    return f"{name}_{height}x{width}_{digest.hexdigest()}.{images.dtype.name}"


def _counter(total, on_read):
    """A function that tells `on_read` of each picture, of all sets."""
    done = 0

    def count():
        nonlocal done
        done += 1
        if on_read is not None:
            on_read(done, total)

    return count


def _load(images, size, count):
    """Reads all pictures to memory."""
    memory = mmap.mmap(-1, _num_bytes(images, size))
    array = np.frombuffer(memory, images.dtype).reshape(_shape(images, size))
    images.read_each(range(len(images)), size, array.__setitem__, count)
    return _to_tensor(array)


def _open(path, images, size, count):
    """Maps a file into memory; writes it if it is not there."""
    if not path.exists():
        _write(path, images, size, count)
    num_bytes = _num_bytes(images, size)
    if path.stat().st_size != num_bytes:
        raise OSError(
            f"{path} must have {num_bytes} bytes. It has "
            f"{path.stat().st_size}: something else has changed it. Remove it."
        )
    with open(path, "rb") as file:
        memory = mmap.mmap(file.fileno(), num_bytes, prot=mmap.PROT_READ)
    address = np.frombuffer(memory, "uint8").ctypes.data
    # DLPack refuses what can not be written, and a mapping that could be
    # would have to fit into memory. Nothing writes into pictures.
    writable = (ctypes.c_uint8 * num_bytes).from_address(address)
    writable.owner = memory
    array = np.frombuffer(writable, images.dtype)
    return _to_tensor(array.reshape(_shape(images, size)))


def _to_tensor(array):
    """A tensor of the CPU that shares the memory of an array, uncopied."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _write(path, images, size, count):
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{path.name}.unfinished"
    with _lock(unfinished) as file:
        if path.exists():  # Another process has written it meanwhile.
            unfinished.unlink()
            return
        try:
            _fill(file, images, size, count)
            os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException as error:
            unfinished.unlink()
            with contextlib.suppress(OSError):  # It holds other files.
                folder.rmdir()
            if isinstance(error, OSError):
                raise OSError(_describe(error, path, images, size)) from error
            raise
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _lock(path):
    """Opens a file for one process; others wait until it is closed."""
    while True:
        # Neither truncated, while another process writes it, nor appended to:
        # Linux would then put nothing where it is told to.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        with open(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # Ends with the process.
            # Whoever had it may have renamed or removed it meanwhile.
            try:
                is_same = os.path.samestat(
                    os.fstat(file.fileno()), os.stat(path)
                )
            except FileNotFoundError:
                is_same = False
            if is_same:
                file.truncate(0)
                yield file
                return


def _fill(file, images, size, count):
    """Reads all pictures, each to its place in a file."""
    needed = _num_bytes(images, size)
    if needed > shutil.disk_usage(file.fileno()).free:
        # Better now than after an hour of reading.
        raise OSError("there is not enough space on the disk")
    bytes_each = needed // len(images)

    def store(index, picture):
        rest = memoryview(np.ascontiguousarray(picture)).cast("B")
        offset = index * bytes_each
        while rest:
            written = os.pwrite(file.fileno(), rest, offset)
            rest, offset = rest[written:], offset + written

    images.read_each(range(len(images)), size, store, count)


def _describe(error, path, images, size):
    return (
        f"The pictures of {images.name} can not be kept in {path.parent}: "
        f"{error.strerror or error}. They need "
        f"{_num_bytes(images, size) / 2**30:.1f} GiB. Make room, give another "
        "`cache_dir`, or read them anew in each epoch, with `cache` none."
    )
