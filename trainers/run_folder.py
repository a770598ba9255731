"""The run folder: everything about one training, and one process at a time."""

import dataclasses
import fcntl
import json
import os
import pathlib
import re
import socket
import time

from keras_gans import checkpoints
from trainers import config as config_lib
from trainers.config import UsageError

_FLAGS = "flags.txt"
_COMMAND = "# python -m trainers.{trainer} --flagfile=flags.txt"
# Where a run lies, that it was new, and that someone wants to see a profile,
# is not part of it: these flags, and the values that they are kept with.
NOT_OF_THE_RUN = {"run_dir": "", "new": False, "profile_steps": 0}


class DamagedRun(ValueError):
    """A file of a run folder cannot be read; the message names it."""


def resolve(config_cls, given, trainer, name):
    """Decides which run the flags mean, and fills in that run's own flags.

    Args:
        config_cls: The trainer's config.
        given: Dictionary of the flags that the user gave.
        trainer: Name of the trainer.
        name: Name of the run where no `run_dir` is given: `runs/NAME-NNN`.

    Returns:
        A config with `run_dir` set. A flag that was not given has the value
        that it has in the run folder, if there is one.

    Raises:
        UsageError: If the folder is no run of this trainer, or a flag differs
            that cannot change.
    """
    run_dir = given.get("run_dir") or _default_run_dir(
        config_cls, given, trainer, name
    )
    path = pathlib.Path(run_dir)
    if _is_used(path):
        if given.get("new"):
            raise UsageError(
                f"--new starts a fresh run, but {run_dir} is not empty. Give "
                "--run_dir another folder, or leave it out."
            )
        saved = read_flags(path, trainer, config_cls)
        _check_fixed(config_cls, saved, given, run_dir)
        given = {**saved, **given}
    return config_cls(**{**given, "run_dir": run_dir})


def _is_used(path):
    # Hidden files are all that a run leaves which was killed as it began.
    return path.exists() and any(
        not entry.name.startswith(".") for entry in path.iterdir()
    )


def read_flags(path, trainer, config_cls):
    """Returns the flags of the run folder `path` as a dictionary.

    Raises:
        UsageError: If it is not a run folder of `trainer`.
    """
    try:
        lines = (path / _FLAGS).read_text().splitlines()
    except FileNotFoundError as error:
        raise UsageError(
            f"--run_dir must be empty, new, or a run folder. {path} has no "
            f"{_FLAGS}."
        ) from error
    if lines[:1] != [_COMMAND.format(trainer=trainer)]:
        first = lines[0].lstrip("# ") if lines else "nothing"
        raise UsageError(
            f"--run_dir {path} was made by another trainer: {first}."
        )
    return config_lib.parse(config_cls, lines[1:])


def trainer_of(path, trainers):
    """Returns which one of `trainers`, names, made the run folder `path`.

    Raises:
        UsageError: If none of them did.
    """
    file = path / _FLAGS
    if not file.is_file():
        raise UsageError(
            f"--run_dir must be a run folder. {path} has no {_FLAGS}."
        )
    first = file.read_text().partition("\n")[0]
    for trainer in trainers:
        if first == _COMMAND.format(trainer=trainer):
            return trainer
    raise UsageError(
        f"--run_dir must be a run of {' or '.join(trainers)}. {path} was made "
        f"by {first.lstrip('# ') or 'nothing'}."
    )


def _check_fixed(config_cls, saved, given, run_dir):
    for field in dataclasses.fields(config_cls):
        name = field.name
        if not field.metadata["fixed"] or name not in given:
            continue
        if given[name] != saved.get(name, field.default):
            raise UsageError(
                f"--{name} is {saved.get(name, field.default)} in {run_dir} "
                f"and cannot change to {given[name]}. Leave the flag out, or "
                "start a fresh run with --new or another --run_dir."
            )


def _default_run_dir(config_cls, given, trainer, name):
    """The newest unfinished run with the same fixed flags, or a fresh one."""
    runs = pathlib.Path("runs")
    numbers = [
        int(match[1])
        for path in runs.glob(f"{name}-*")
        if (match := re.fullmatch(rf"{re.escape(name)}-(\d+)", path.name))
    ]
    newest = runs / f"{name}-{max(numbers, default=0):03d}"
    if numbers and not given.get("new") and not is_finished(newest):
        try:
            saved = read_flags(newest, trainer, config_cls)
            _check_fixed(config_cls, saved, given, newest)
        except UsageError:
            pass  # Another experiment of the same name.
        else:
            return str(newest)
    return str(runs / f"{name}-{max(numbers, default=0) + 1:03d}")


def is_finished(path):
    """Whether the run in the folder `path` came to its end."""
    return (pathlib.Path(path) / "score.json").exists()


class RunFolder:
    """The folder of a run, locked for this process; use it in a `with`.

    Args:
        config: The trainer's config with `run_dir` set.
        trainer: Name of the trainer.

    Raises:
        UsageError: If another process trains there.
    """

    def __init__(self, config, trainer):
        self.trainer = trainer
        self.path = pathlib.Path(config.run_dir)
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        lines = [_COMMAND.format(trainer=trainer)]
        lines += config_lib.to_lines(
            dataclasses.replace(config, **NOT_OF_THE_RUN)
        )
        write_text(self.path / _FLAGS, "\n".join(lines) + "\n")

    @property
    def checkpoints(self):
        return self.path / "checkpoints"

    @property
    def samples(self):
        return self.path / "samples"

    @property
    def plots(self):
        return self.path / "plots"

    @property
    def logs(self):
        return self.path / "logs"

    def restore(self, model):
        """Loads the newest checkpoint into `model`.

        Returns:
            A `keras_gans.checkpoints.Checkpoint`, or `None` if none was
            written yet.

        Raises:
            keras_gans.checkpoints.CheckpointError: If all are damaged.
        """
        if not checkpoints.exist(self.checkpoints):
            return None
        checkpoint = checkpoints.newest(self.checkpoints)
        model.load_weights(checkpoint.model_path)
        return checkpoint

    def write_json(self, name, value):
        """Writes a small file of the run, whole or not at all."""
        write_text(self.path / name, json.dumps(value, indent=2) + "\n")

    def _take_lock(self):
        # The system frees the lock when the process ends, however it ends.
        file = open(self.path / ".lock", "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "another process"
            file.close()
            raise UsageError(
                f"--run_dir {self.path} is in use by {owner}. Wait for it, "
                "stop it, or choose another folder."
            ) from error
        file.truncate(0)
        file.write(
            f"process {os.getpid()} on {socket.gethostname()} "
            f"since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        )
        file.flush()
        return file

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._lock.close()


def write_text(path, text):
    """Writes a small text file, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)
