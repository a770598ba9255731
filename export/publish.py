"""Puts a finished export in the place of the old one, as a whole."""

import contextlib
import errno
import shutil
import tempfile
import time
from pathlib import Path

from export.errors import ExportError

_SCRATCH_PREFIX = ".export-"
_REPLACED = "replaced"
_DAY_IN_SECONDS = 86400


def check_target(folder, own_names):
    """Refuses to replace a folder that holds somebody's other files.

    Args:
        folder: Path of the export to be written.
        own_names: Names of the files that an export may hold.

    Raises:
        ExportError: If the folder holds anything else, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"`output_dir` is a file, not a folder: {folder}.")
    names = [x.name for x in folder.iterdir()] if folder.exists() else []
    foreign = sorted(set(names) - set(own_names))
    if foreign:
        raise ExportError(
            "`output_dir` is replaced as a whole, so it must be new, empty or "
            f"an earlier export. {folder} holds {foreign[0]}: name another "
            "folder."
        )


def check_space(folder, num_bytes):
    """Refuses to start if the disk is too full.

    Args:
        folder: Existing folder on the disk in question.
        num_bytes: Bytes needed.

    Raises:
        OSError: With `errno.ENOSPC`, if there is less.
    """
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise OSError(
            errno.ENOSPC,
            f"not enough disk space: {num_bytes / 1e6:.0f} MB needed, "
            f"{free / 1e6:.0f} MB free",
            str(folder),
        )


@contextlib.contextmanager
def scratch_folder(parent):
    """Yields a folder on the disk of the exports that is gone afterwards.

    First brings back an export that a killed program had moved aside, and
    removes the scratch folders of programs killed more than a day ago.

    Args:
        parent: Folder that holds the exports; it is made if missing.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for leftover in parent.glob(f"{_SCRATCH_PREFIX}*"):
        for old in leftover.glob(f"{_REPLACED}/*"):
            if not (parent / old.name).exists():
                old.rename(parent / old.name)
        if time.time() - leftover.stat().st_mtime > _DAY_IN_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=_SCRATCH_PREFIX, dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def remove(path):
    """Removes a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def publish(finished, target, scratch):
    """Renames a finished folder into place; the old one goes to the scratch.

    Args:
        finished: Folder with the new export, on the same disk as `target`.
        target: Where it shall be.
        scratch: Scratch folder beside `target`.
    """
    replaced = scratch / _REPLACED / target.name
    if target.exists():
        replaced.parent.mkdir(exist_ok=True)
        target.rename(replaced)
    try:
        finished.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise
