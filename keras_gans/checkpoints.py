"""Checkpoints that survive a kill, a full disk and changed bytes.

A checkpoint is a folder `step_NNNNNNNN` with `model.keras` (networks, all
optimizers, pools, seeds, running logs), `state.json` (position and history)
and `manifest.json` (sizes and SHA-256 of both). It is written in a hidden
folder, brought to the disk, and renamed: whatever the moment of a kill, a
folder of that name is whole. What changes afterwards is found by its hash.

Of all checkpoints the newest ones stay, and the one that a state calls the
best: `state["best"]`, a dictionary with its `step`, if there is any.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil

import numpy as np

_PREFIX = "step_"
_UNFINISHED = ".unfinished-"
_FORMAT_VERSION = 1


class CheckpointError(ValueError):
    """No checkpoint can be used, or a state must not be written."""


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint.

    Attributes:
        path: Folder of the checkpoint.
        step: Number of training steps done.
        state: What was passed to `write`, a dictionary.
        skipped: Sentences about newer checkpoints that are damaged.
    """

    path: pathlib.Path
    step: int
    state: dict
    skipped: list

    @property
    def model_path(self):
        return self.path / "model.keras"


def write(directory, model, step, state, keep=2):
    """Writes the checkpoint of `step` and prunes older ones.

    Args:
        directory: Folder of the checkpoints, made if need be. One process
            may write there at a time.
        model: Built and compiled `keras.Model`.
        step: Integer >= 0.
        state: Dictionary that JSON can hold. What it has as `"best"` is
            `None`, or a dictionary whose `step` is that of a checkpoint which
            stays.
        keep: Integer >= 1, number of newest checkpoints kept. Defaults to 2,
            so that one with changed bytes has an older one behind it.

    Returns:
        The path of the checkpoint.

    Raises:
        CheckpointError: If a variable of the model is not finite.
        OSError: If the disk refuses; older checkpoints are untouched.
    """
    directory = pathlib.Path(directory)
    _check_finite(model)
    directory.mkdir(parents=True, exist_ok=True)
    _remove_litter(directory)
    target = directory / _name_of(step)
    unfinished = directory / f"{_UNFINISHED}{target.name}"
    try:
        unfinished.mkdir()
        model.save(unfinished / "model.keras")
        _write_json(unfinished / "state.json", state)
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(unfinished.iterdir())
        }
        manifest = {"version": _FORMAT_VERSION, "step": step, "files": files}
        _write_json(unfinished / "manifest.json", manifest)
        for path in (*unfinished.iterdir(), unfinished):
            _synchronize(path)
    except OSError as error:
        free = shutil.disk_usage(directory).free
        shutil.rmtree(unfinished, ignore_errors=True)
        raise OSError(
            error.errno,
            f"the checkpoint of step {step} could not be written "
            f"({error.strerror or error}; {free / 1e6:.0f} MB are free). "
            "Older checkpoints are untouched",
            str(target),
        ) from error
    if target.exists():
        _discard(target)  # The same step, written before a resume.
    unfinished.rename(target)
    _synchronize(directory)
    record = state.get("best")
    best_name = record and _name_of(record["step"])
    for old in _list(directory)[:-keep]:
        if old.name != best_name:
            _discard(old)
    return target


def exist(directory):
    """Whether `directory` holds a checkpoint, be it whole or damaged."""
    return bool(_list(pathlib.Path(directory)))


def newest(directory):
    """Returns the newest `Checkpoint` whose bytes are as they were written.

    Raises:
        CheckpointError: If there is none.
    """
    directory = pathlib.Path(directory)
    skipped = []
    for path in reversed(_list(directory)):
        damage = _damage(path)
        if damage is None:
            return _read(path, skipped)
        skipped.append(f"checkpoint {path} is damaged: {damage}")
    if skipped:
        raise CheckpointError(f"No usable checkpoint. {'. '.join(skipped)}.")
    raise CheckpointError(
        f"There is no checkpoint in {directory}. One is written at the end of "
        "each epoch."
    )


def best(directory):
    """Returns the `Checkpoint` that the newest one calls the best so far.

    Raises:
        CheckpointError: If none was chosen, or it is gone or damaged.
    """
    record = newest(directory).state.get("best")
    if record is None:
        raise CheckpointError(
            f"No checkpoint in {directory} was chosen as the best. Train with "
            "a figure to choose by, or take the last one."
        )
    return of_step(directory, record["step"])


def of_step(directory, step):
    """Returns the `Checkpoint` of a step.

    Raises:
        CheckpointError: If there is none, or its bytes have changed.
    """
    directory = pathlib.Path(directory)
    path = directory / _name_of(step)
    if not path.is_dir():
        names = ", ".join(other.name for other in _list(directory))
        raise CheckpointError(
            f"There is no checkpoint of step {step} in {directory}. There are: "
            f"{names or 'none'}."
        )
    damage = _damage(path)
    if damage is not None:
        raise CheckpointError(f"The checkpoint {path} is damaged: {damage}.")
    return _read(path, [])


def _list(directory):
    return sorted(
        path for path in directory.glob(f"{_PREFIX}*") if path.is_dir()
    )


def _name_of(step):
    return f"{_PREFIX}{step:08d}"


def _step_of(path):
    return int(path.name.removeprefix(_PREFIX))


def _read(path, skipped):
    state = json.loads((path / "state.json").read_text())
    return Checkpoint(path, _step_of(path), state, skipped)


def _damage(path):
    """What is wrong with the checkpoint `path`, or `None`."""
    try:
        manifest = json.loads((path / "manifest.json").read_text())
        files = manifest["files"]
        if manifest["version"] != _FORMAT_VERSION:
            return (
                f"its format is version {manifest['version']}, this package "
                f"reads version {_FORMAT_VERSION}"
            )
        if manifest["step"] != _step_of(path):
            return "its manifest is of another step"
        if not {"model.keras", "state.json"} <= set(files):
            return "its manifest lists too few files"
        for name, expected in files.items():
            if (path / name).stat().st_size != expected["bytes"]:
                return f"{name} has another size than when it was written"
            if _sha256(path / name) != expected["sha256"]:
                return f"{name} has other bytes than when it was written"
    except OSError as error:
        return f"{error.strerror}: {error.filename}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its manifest.json cannot be read"
    return None


def _check_finite(model):
    for variable in model.variables:
        values = np.asarray(variable)
        # Halves of other libraries are no floats to NumPy: widen them all.
        if values.dtype.kind not in "iub" and not np.all(
            np.isfinite(values.astype("float64"))
        ):
            raise CheckpointError(
                f"The weights `{variable.path}` are not finite, so no "
                "checkpoint was written. Lower the learning rate, or look "
                "for broken pictures."
            )


def _remove_litter(directory):
    for path in directory.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)


def _discard(path):
    """Removes a checkpoint so that no half of it keeps its name."""
    hidden = path.with_name(f"{_UNFINISHED}discarded-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden)


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synchronize(path):
    """Waits until `path`, a file or folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
