"""Scores a run, or two folders of pictures, by the usual metrics.

python -m trainers.evaluate --run_dir=runs/gan-001
python -m trainers.evaluate --run_dir=runs/gan-001 --checkpoint=best
python -m trainers.evaluate --real=FOLDER --fake=FOLDER --image_size=64

Of a run, what it makes is compared with its held-out pictures, and the scores
are kept in its evaluation.json. Scores compare only where their protocols are
equal: features, numbers of pictures, sizes, split, seed.

Exit codes: 0 done, 2 wrong usage, 65 no checkpoint, or pictures that cannot be
used, 74 the disk refused.
"""

import dataclasses
import importlib
import json
import pathlib

import keras
import tensorflow as tf

from keras_gans import checkpoints, metrics
from trainers import cli, environment, features, picture_folders, run_folder
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say
from trainers.score_table import table

TRAINERS = ("autoencoder", "gan", "conditional_gan", "pix2pix", "cyclegan")
_CHECKPOINTS = ("best", "last")


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    run_dir: str = option("", "Run to score; or --real and --fake.")
    checkpoint: str = option(
        "last", "Of a run: best, last, or the number of a step."
    )
    real: str = option("", "Folder of real pictures.")
    fake: str = option("", "Folder of pictures to compare with them.")
    image_size: str = option(
        "",
        "Side, or HEIGHTxWIDTH, to resize the pictures of both folders to. "
        "Default: as they are.",
    )
    features: str = option("auto", features.HELP)
    seed: int = option(0, "Seed of noise, dropout and chosen subsets.", 0)
    json: str = option(
        "", "File for the scores. Default: evaluation.json in the run folder."
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            config_lib.check_field(field, getattr(self, field.name))
        is_of_folders = bool(self.real or self.fake)
        if bool(self.run_dir) == is_of_folders:
            raise UsageError(
                "What is to be scored must be a run, --run_dir=RUN, or two "
                "folders, --real=FOLDER --fake=FOLDER."
            )
        if is_of_folders and not (self.real and self.fake):
            raise UsageError("--real and --fake must be given together.")
        if self.checkpoint not in _CHECKPOINTS and not (
            self.checkpoint.isdecimal()
        ):
            raise UsageError(
                "--checkpoint must be best, last or the number of a step. "
                f"Received: {self.checkpoint}."
                f"{config_lib.did_you_mean(self.checkpoint, _CHECKPOINTS)}"
            )
        config_lib.check_features(self.features)
        if self.image_size:
            if self.run_dir:
                raise UsageError(
                    "--image_size is for --real and --fake: a run has the "
                    "size of its pictures."
                )
            config_lib.parse_size("image_size", self.image_size)


def evaluate(config):
    """Scores what `config` names; prints a table and writes the JSON."""
    # Its warnings are about traces of `predict`, for those who write models.
    tf.get_logger().setLevel("ERROR")
    say("device", environment.device())
    if config.run_dir:
        path, result = _evaluate_run(config)
    else:
        path, result = None, _evaluate_folders(config)
    for line in table(result["scores"]):
        print(line)
    path = pathlib.Path(config.json).expanduser() if config.json else path
    if path is not None:
        _write(path, result)
        say("look", str(path))
    if config.run_dir and not config.json:
        say(
            "next",
            f"python -m trainers.report --run_dir={config.run_dir}, for the "
            "page of the run with these scores",
        )


def _evaluate_run(config):
    """Returns where the result belongs, and the result."""
    run_dir = pathlib.Path(config.run_dir).expanduser()
    trainer = run_folder.trainer_of(run_dir, TRAINERS)
    checkpoint = _choose(run_dir / "checkpoints", config.checkpoint)
    for sentence in checkpoint.skipped:
        say("warning", sentence)
    say("run", f"{run_dir}: {trainer}, step {checkpoint.step}")
    module = importlib.import_module(f"trainers.{trainer}")
    flags = run_folder.read_flags(run_dir, trainer, module.Config)
    task = module.make_task(module.Config(**{**flags, "run_dir": str(run_dir)}))
    model = keras.saving.load_model(checkpoint.model_path, compile=False)
    evaluator = task.evaluator(run_dir, config.features, config.seed)
    with config_lib.naming_flag("features", config.features):
        scores = evaluator(model)
    result = {
        "run": str(run_dir),
        "trainer": trainer,
        "checkpoint": config.checkpoint,
        "step": checkpoint.step,
        "epoch": len(checkpoint.state.get("history", [])),
        "scores": scores,
    }
    return run_dir / "evaluation.json", result


def _choose(directory, which):
    if which == "best":
        return checkpoints.best(directory)
    if which == "last":
        return checkpoints.newest(directory)
    return checkpoints.of_step(directory, int(which))


def _evaluate_folders(config):
    size = None
    if config.image_size:
        size = config_lib.parse_size("image_size", config.image_size)
    real, fake = (
        picture_folders.PictureFolder(flag, getattr(config, flag), size)
        for flag in ("real", "fake")
    )
    for folder in (real, fake):
        say(
            "pictures",
            f"{len(folder)} of {folder.name}, "
            f"{picture_folders.describe_shape(folder.shape)}",
        )
    picture_folders.check_alike(real, fake)
    with config_lib.naming_flag("features", config.features):
        scores = metrics.evaluate_images(
            features.of_folders(config.features, real.shape[-1]),
            real.batches(),
            fake.batches(),
            split=config.real,
            seed=config.seed,
        )
    return {
        "real": config.real,
        "fake": config.fake,
        "scores": {score.name: score for score in scores},
    }


def _write(path, result):
    scores = {name: score.to_json() for name, score in result["scores"].items()}
    text = json.dumps({**result, "scores": scores}, indent=2)
    run_folder.write_text(path, text + "\n")


def main(arguments=None):
    """Scores what the flags in `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, evaluate, __doc__, arguments)


if __name__ == "__main__":
    main()
