"""Measures how fast a training is on this machine, and what it waits for.

python -m trainers.benchmark --recipe=quickstart
python -m trainers.benchmark --recipe=gan/quickstart --batch_size=256
python -m trainers.benchmark --trainer=pix2pix --data=FOLDER --num_replicas=2
python -m trainers.benchmark --trainer=cyclegan --run_dir=runs/cyclegan-001

It takes the flags of the trainer, reads its data, takes some steps, and keeps
nothing. Three rounds, each of which measures in turn:

  pipeline alone   pictures, pairs or points that the input pipeline makes
  step alone       the compiled training step, on one batch kept in memory
  both, as in fit  model.fit on the pipeline, without callbacks
  peak             a product of matrices of 2048x2048, in the step's dtype

and once, in processor seconds, the time to build the networks and that of the
first step, which traces the graph; the multiplications and additions that
convolutions and matrix products of a step take, counted in its graph, and the
share of the step's time that they would take at the peak; and the memory of
the process at most, without what the imports take. With several replicas, one
alone is measured first, in a process of its own, on the same batches.

Figures are of this machine as busy as it is: compare those of one run.

Exit codes: 0 done, 2 wrong usage, 65 wrong data, 74 the disk refused.
"""

import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import tensorflow as tf

from trainers import (
    autoencoder,
    benchmark_report,
    cli,
    conditional_gan,
    cyclegan,
    environment,
    gan,
    memory,
    pix2pix,
    recipes,
    run_folder,
    speed,
    training,
)
from trainers import config as config_lib
from trainers import distribution as distribution_lib
from trainers.config import UsageError, did_you_mean, option
from trainers.environment import say

TRAINERS = {
    "autoencoder": autoencoder,
    "conditional_gan": conditional_gan,
    "cyclegan": cyclegan,
    "gan": gan,
    "pix2pix": pix2pix,
}
# Of a recipe that several trainers have, and no trainer is named.
_DEFAULT_TRAINER = "cyclegan"


@dataclasses.dataclass(frozen=True)
class Options:
    """Flags of the command, beside those of a trainer."""

    seconds: float = option(
        2.0, "Seconds for each part in each of the three rounds.", 0
    )
    json: str = option("", "File for the figures, as JSON.")

    def check(self):
        if self.seconds <= 0:
            raise UsageError(
                f"--seconds must be > 0. Received: {self.seconds:g}."
            )
        if self.json and not _to_path(self.json).parent.is_dir():
            raise UsageError(
                "--json must be a file in a folder that there is. Received: "
                f"{self.json}."
            )
        super().check()  # The trainer's.


def config_of(trainer):
    """Returns the dataclass of the flags of the command for a `trainer`."""
    return dataclasses.make_dataclass(
        "Config", [], bases=(Options, TRAINERS[trainer].Config), frozen=True
    )


def benchmark(config, trainer, arguments):
    """Measures, and prints what was found.

    Args:
        config: Of the class that `config_of` returns.
        trainer: Name of the trainer.
        arguments: Words of the command line that ask for the same, with a
            `--trainer`.

    Returns:
        An exit code.
    """
    if config.strategy == "multi_worker":
        raise UsageError(
            "--strategy=multi_worker cannot be measured: the benchmark is of "
            "one machine."
        )
    config.check_replicas(_num_replicas(config))
    one_replica = None
    if _num_replicas(config) > 1:
        # Before this process takes hold of the devices.
        one_replica, exit_code = _measure_one_replica(arguments)
        if exit_code:
            return exit_code
    memory_before = memory.now()
    distribution = distribution_lib.create(config)
    environment.set_up(config, distribution)
    distribution.check_batch_size(config.batch_size)
    task = TRAINERS[trainer].make_task(config)
    say(
        "measure",
        f"{speed.ROUNDS} rounds, {config.seconds:g} s for each part, after "
        "the first step",
    )
    with training.naming_bad_pictures():
        model, measured = speed.measure(
            task, distribution, config.seconds, memory_before
        )
    say("model", task.describe(model))
    say("batch", f"{task.pipeline.batch_size} {task.unit}")
    lines = benchmark_report.table(
        measured, task.unit, one_replica, distribution.num_replicas
    )
    print("", *lines, "", sep="\n")
    note = benchmark_report.disturbance(measured)
    if note:
        say("note", note)
    sentence = benchmark_report.bottleneck(measured, task.unit)
    say("verdict", sentence)
    if config.json:
        figures = {
            "trainer": trainer,
            "unit": task.unit,
            "batch_size": task.pipeline.batch_size,
            "num_replicas": distribution.num_replicas,
            **dataclasses.asdict(measured),
            "one_replica": one_replica and dataclasses.asdict(one_replica),
            "bottleneck": sentence,
            "environment": environment.describe(),
        }
        text = json.dumps(figures, indent=2) + "\n"
        run_folder.write_text(_to_path(config.json), text)
    return 0


def _to_path(text):
    return pathlib.Path(text).expanduser()


def _num_replicas(config):
    if config.strategy == "none":
        return 1
    gpus = tf.config.list_physical_devices("GPU")
    return config.num_replicas or len(gpus) or 1


def _measure_one_replica(arguments):
    """Runs this command for one replica, in a process of its own.

    Returns:
        A pair: the `speed.Range` of both parts together, or `None`, and the
        exit code.
    """
    say("measure", "one replica, in a process of its own")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "one_replica.json"
        flags = ["--strategy=none", "--num_replicas=1", f"--json={file}"]
        exit_code = subprocess.run(
            [sys.executable, "-m", "trainers.benchmark", *arguments, *flags],
            stdout=subprocess.DEVNULL,
            check=False,
        ).returncode
        if exit_code:
            return None, exit_code
        return speed.Range(**json.loads(file.read_text())["together"]), 0


def main(arguments=None):
    """Measures the training that the flags in `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(cli.exit_code_of(_run, arguments))


def _run(arguments):
    trainer, arguments = cli.take_flag("trainer", arguments)
    recipe, arguments = cli.take_flag("recipe", arguments)
    if trainer is not None:
        _check_trainer("trainer", trainer)
    if recipe and "/" in recipe:
        trainer, recipe = _split_recipe(trainer, recipe)
    if cli.asks_for_help(arguments):
        print(_help(trainer))
        return 0
    if recipe == "list":
        print(_describe_recipes(trainer))
        return 0
    if trainer is None:
        trainer = _choose_trainer(recipe)
    if recipe is not None:
        arguments = recipes.arguments(trainer, recipe) + arguments
    config_cls = config_of(trainer)
    given = config_lib.parse(config_cls, arguments)
    if "run_dir" in given:
        # The flags of that run; nothing is written there.
        config = run_folder.resolve(config_cls, given, trainer, trainer)
    else:
        config = config_cls(**given)
    return benchmark(config, trainer, [f"--trainer={trainer}", *arguments])


def _check_trainer(flag, trainer):
    if trainer not in TRAINERS:
        raise UsageError(
            f"--{flag} must be one of {', '.join(TRAINERS)}. Received: "
            f"{trainer}.{did_you_mean(trainer, TRAINERS)}"
        )


def _split_recipe(trainer, recipe):
    """Splits `TRAINER/NAME`, which must not name another `trainer`."""
    owner, _, name = recipe.partition("/")
    if owner not in TRAINERS:
        raise UsageError(
            "--recipe must be NAME, or TRAINER/NAME with one of "
            f"{', '.join(TRAINERS)}. Received: {recipe}."
            f"{did_you_mean(owner, TRAINERS)}"
        )
    if trainer not in (None, owner):
        raise UsageError(
            f"--trainer and --recipe must name one trainer. Received: "
            f"--trainer={trainer} and --recipe={recipe}."
        )
    return owner, name


def _choose_trainer(recipe):
    """The trainer that has the recipe, if no other was named."""
    if recipe is None:
        raise UsageError(
            "--trainer or --recipe must say what is measured: "
            f"--trainer={_DEFAULT_TRAINER} with its flags, "
            "--recipe=quickstart, or --recipe=TRAINER/NAME. --recipe=list "
            "lists them."
        )
    owners = [name for name in TRAINERS if recipe in recipes.names(name)]
    if not owners:
        names = sorted({n for name in TRAINERS for n in recipes.names(name)})
        raise UsageError(
            f"--recipe must be a recipe of a trainer: {', '.join(names)}, or "
            f"list. Received: {recipe}.{did_you_mean(recipe, names)}"
        )
    if len(owners) == 1:
        return owners[0]
    if _DEFAULT_TRAINER not in owners:
        raise UsageError(
            f"--recipe={recipe} is one of {' and '.join(owners)}. Say "
            + " or ".join(f"--recipe={owner}/{recipe}" for owner in owners)
            + "."
        )
    others = [f"{o}/{recipe}" for o in owners if o != _DEFAULT_TRAINER]
    say(
        "note",
        f"this is {_DEFAULT_TRAINER}/{recipe}; there are "
        f"{', '.join(others)}, too",
    )
    return _DEFAULT_TRAINER


def _describe_recipes(trainer):
    lines = []
    for name in [trainer] if trainer else TRAINERS:
        lines += [f"{name}:", recipes.describe(name)]
    return "\n".join(lines)


def _help(trainer):
    """The text of `--help`, with the flags of `trainer` if one is named."""
    lines = [
        __doc__.strip(),
        "",
        f"Trainers (--trainer=NAME): {', '.join(TRAINERS)}",
        "Recipes (--recipe=NAME or TRAINER/NAME): --recipe=list lists them",
        "",
    ]
    if trainer:
        return "\n".join([*lines, *cli.describe_flags(config_of(trainer))])
    lines += cli.describe_flags(Options)
    lines.append("And those of the trainer: --trainer=NAME --help lists them.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
