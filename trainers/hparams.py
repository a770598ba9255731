"""Flags and scores of runs, for the table of hyper-parameters in TensorBoard.

`tensorboard --logdir=runs` shows a row for each run, with a column for each
flag and each score; nothing of this package is needed to read it.
"""

import dataclasses

import tensorflow as tf
from tensorboard.plugins.hparams import api_pb2, summary, summary_v2

from trainers import run_folder


def write_flags(run, config):
    """Writes the flags of a run, as it begins or goes on.

    Args:
        run: `RunFolder`.
        config: Config of the trainer.
    """
    flags = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.name not in run_folder.NOT_OF_THE_RUN
    }
    # Equal flags are one experiment; TensorBoard can group by them.
    _write(run, summary_v2.hparams_pb({"trainer": run.trainer, **flags}))


def write_scores(run, score, epoch):
    """Writes what a finished run is worth, as scalars `score/NAME`.

    Args:
        run: `RunFolder`.
        score: Dictionary of a `Task`; numbers at any depth are written.
        epoch: Integer, epochs done.
    """
    with tf.summary.create_file_writer(str(run.logs)).as_default():
        for name, value in _numbers(score):
            tf.summary.scalar(f"score/{name}", value, epoch)
    _write(run, summary.session_end_pb(api_pb2.STATUS_SUCCESS))


def _write(run, message):
    with tf.summary.create_file_writer(str(run.logs)).as_default():
        tf.summary.experimental.write_raw_pb(
            message.SerializeToString(), step=0
        )


def _numbers(score):
    for name, value in score.items():
        if isinstance(value, dict):
            for inner_name, number in _numbers(value):
                yield f"{name}/{inner_name}".replace(" ", "_"), number
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name.replace(" ", "_"), value
