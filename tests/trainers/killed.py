"""Runs a trainer and kills it, as hard as can be, at a set point.

    python -m tests.trainers.killed TRAINER POINT --data=... --run_dir=...

POINT is `step:N` (as step N ends), `fsync:N`, `rename:N` or `rmtree:N` (at
the N-th such call: each is a line of the checkpoint writer), `write:N` (half
way through the N-th model file), `unseeded` (not killed; the negative
control: seeds are not restored), or `never`.
"""

import importlib
import os
import pathlib
import shutil
import signal
import sys


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_call(owner, name, number):
    """Makes the `number`-th call of `owner.name` the last thing done."""
    function = getattr(owner, name)
    calls = 0

    def counted(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == number:
            kill()
        return function(*args, **kwargs)

    setattr(owner, name, counted)


def kill_at_step(number):
    from trainers import training

    end_batch = training._Recorder.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch_start + batch + 1 == number:
            kill()
        end_batch(self, batch, logs)

    training._Recorder.on_train_batch_end = on_train_batch_end


def kill_in_model_file(number):
    from keras_gans.models.base import BaseModel

    save = BaseModel.save
    calls = 0

    def save_half(self, path, *args, **kwargs):
        nonlocal calls
        calls += 1
        save(self, path, *args, **kwargs)
        if calls == number:
            path = pathlib.Path(path)
            content = path.read_bytes()
            path.write_bytes(content[: len(content) // 2])
            kill()

    BaseModel.save = save_half


def forget_seeds():
    from keras_gans.models.base import BaseModel

    BaseModel.load_own_variables = lambda self, store: None


def arm(point):
    """Sets the trap that `point` names."""
    kind, _, number = point.partition(":")
    if kind == "step":
        kill_at_step(int(number))
    elif kind == "write":
        kill_in_model_file(int(number))
    elif kind == "fsync":
        kill_at_call(os, "fsync", int(number))
    elif kind == "rename":
        kill_at_call(pathlib.Path, "rename", int(number))
    elif kind == "rmtree":
        kill_at_call(shutil, "rmtree", int(number))
    elif kind == "unseeded":
        forget_seeds()
    elif kind != "never":
        raise ValueError(f"Unknown point {point!r}.")


def main(arguments):
    trainer, point, *flags = arguments
    arm(point)
    from trainers import cli

    module = importlib.import_module(f"trainers.{trainer}")
    cli.main(trainer, module.Config, module.train, "", flags)


if __name__ == "__main__":
    main(sys.argv[1:])
