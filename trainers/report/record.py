"""What a run folder holds, read back."""

import csv
import dataclasses
import importlib
import json
import pathlib
import re

from keras_gans import checkpoints
from keras_gans.metrics import Score
from trainers import config as config_lib
from trainers import recipes, run_folder
from trainers.report.figure import Figure
from trainers.run_folder import DamagedRun

# What trainers write for the page, beside the files of their own use.
SUMMARY = "summary.json"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `python -m trainers.evaluate` found.

    Attributes:
        step: Integer, training steps of the checkpoint that was evaluated.
        epoch: Integer, its finished epochs.
        scores: Dictionary of `keras_gans.metrics.Score` by name.
    """

    step: int
    epoch: int
    scores: dict


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """A run, finished or not, as its folder tells it.

    Attributes:
        path: Path of the folder.
        trainer: String, name of the trainer.
        config: Config of the trainer, with the flags of the run.
        data: Dictionary of strings on the pictures, in order; may be empty.
        model: String, a line on the networks; may be empty.
        limits: Dictionary from figures of the history to the limits of the
            instruments.
        history: List of dictionaries of numbers, one per finished epoch.
        alarms: List of `(epoch, sentences)`.
        seconds: Float, time of training, or `None` if nothing tells.
        step: Integer, training steps done, or `None`.
        environment: Dictionary of versions and devices.
        score: Dictionary, or `None` for a run that is not finished.
        sentences: List of `(label, text)`, score and verdict.
        evaluation: `Evaluation` that was made last, or `None`.
        samples: List of `(epoch, path)` of pictures, in order.
        figures: List of `Figure`.
        exports: List of dictionaries, the `parity.json` of each network.
        benchmark: Dictionary of measured latencies, or `None`.
    """

    path: pathlib.Path
    trainer: str
    config: config_lib.Config
    data: dict
    model: str
    limits: dict
    history: list
    alarms: list
    seconds: float | None
    step: int | None
    environment: dict
    score: dict | None
    sentences: list
    evaluation: Evaluation | None
    samples: list
    figures: list
    exports: list
    benchmark: dict | None

    @property
    def is_finished(self):
        return self.score is not None

    @property
    def makes_pictures(self):
        """Whether files for phones can be made of it: not of points."""
        return not self.config.data.startswith("mixture:")

    @property
    def verdicts(self):
        """The sentences that say what the run is worth, a list of strings."""
        return [text for label, text in self.sentences if label == "verdict"]


def read(path, config_cls=None):
    """Reads a run folder.

    Args:
        path: Path of the folder.
        config_cls: Config class of its trainer. By default the trainer is
            imported that made the folder.

    Returns:
        A `RunRecord`.

    Raises:
        UsageError: If it is no run folder.
        DamagedRun: If a file in it cannot be read.
    """
    path = pathlib.Path(path).expanduser()
    trainer = run_folder.trainer_of(path, recipes.trainers())
    if config_cls is None:
        config_cls = importlib.import_module(f"trainers.{trainer}").Config
    flags = run_folder.read_flags(path, trainer, config_cls)
    summary = _read_json(path / SUMMARY) or {}
    step, seconds = _read_progress(path / "checkpoints")
    return RunRecord(
        path=path,
        trainer=trainer,
        config=config_cls(**flags),
        data=summary.get("data", {}),
        model=summary.get("model", ""),
        limits=summary.get("limits", {}),
        history=_read_history(path / "history.csv"),
        alarms=_read_alarms(path / "alarms.txt"),
        seconds=seconds,
        step=step,
        environment=_read_json(path / "environment.json") or {},
        score=_read_json(path / "score.json"),
        sentences=summary.get("sentences", []),
        evaluation=_read_evaluation(path / "evaluation.json"),
        samples=_find_samples(path / "samples"),
        figures=[
            figure
            for values in summary.get("figures", [])
            if (figure := Figure.from_json(path, values)).path.is_file()
        ],
        exports=_read_exports(path / "export"),
        benchmark=_read_json(path / "benchmark" / "benchmark.json"),
    )


def _read_json(path):
    """The value in a file, or `None` if there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise DamagedRun(f"{path} is damaged: {error}.") from error


def _read_evaluation(path):
    record = _read_json(path)
    if record is None:
        return None
    try:
        return Evaluation(
            record["step"],
            record["epoch"],
            {
                name: Score.from_json(values)
                for name, values in record["scores"].items()
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedRun(
            f"{path} is damaged: it must be what trainers.evaluate wrote. "
            f"{error}"
        ) from error


def _read_history(path):
    """Rows of numbers; what a row does not tell is not in it."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = [
                {
                    name: float(value)
                    for name, value in row.items()
                    if value not in (None, "")
                }
                for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise DamagedRun(f"{path} is damaged: {error}.") from error
    if any("epoch" not in row for row in rows):
        raise DamagedRun(f"{path} is damaged: a row has no epoch.")
    return rows


def _read_alarms(path):
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    matches = (re.fullmatch(r"epoch (\d+): (.+)", line) for line in lines)
    return [(int(match[1]), match[2]) for match in matches if match]


def _read_progress(folder):
    """Steps and seconds of the newest checkpoint, or `(None, None)`."""
    try:
        checkpoint = checkpoints.newest(folder)
    except (checkpoints.CheckpointError, FileNotFoundError):
        # Somebody made room; the page tells the rest all the same.
        return None, None
    return checkpoint.step, checkpoint.state.get("seconds")


def _find_samples(folder):
    found = (
        (re.fullmatch(r"epoch_(\d+)\.png", path.name), path)
        for path in folder.glob("epoch_*.png")
    )
    return sorted((int(match[1]), path) for match, path in found if match)


def _read_exports(folder):
    """Proofs of `export`, or of a folder of it for each network."""
    homes = [folder, *sorted(folder.glob("[!.]*"))]
    documents = (_read_json(home / "parity.json") for home in homes)
    return [document for document in documents if document]
