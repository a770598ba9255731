"""One frozen dataclass per trainer is the truth; its flags come from here."""

import contextlib
import dataclasses
import difflib
import math
import re

from absl import flags

from keras_gans import data
from trainers import features

_DEFINERS = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
STRATEGIES = ("auto", "none", "mirrored", "multi_worker")


class UsageError(ValueError):
    """A flag that cannot be; the message names it and what is accepted."""


def option(default, help, least=None, choices=None, fixed=False):
    """Declares a config field: its default, `--help` line and bounds.

    Args:
        default: Its type is the type of the flag.
        help: One line.
        least: Smallest value accepted, for numbers.
        choices: Values accepted, for strings.
        fixed: Whether a run cannot go on with another value: the flag shapes
            the networks, or what the saved state means.
    """
    metadata = {
        "help": help,
        "least": least,
        "choices": choices,
        "fixed": fixed,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags that every trainer has. Subclasses add theirs, and `check`."""

    run_dir: str = option(
        "", "Run folder; made, or gone on with. Default: runs/NAME-NNN."
    )
    new: bool = option(
        False, "Start afresh, even if there is a run to go on with."
    )
    seed: int = option(
        0, "Seed of weights, order and augmentation.", 0, fixed=True
    )
    reproducible: bool = option(
        False, "Equal bits on every run (on one machine and version)."
    )
    precision: str = option(
        "float32",
        "What networks compute in; mixed: weights, norms and losses stay "
        "float32.",
        choices=PRECISIONS,
        fixed=True,
    )
    jit_compile: bool = option(
        False, "Compile steps with XLA, for GPUs: long to start, then faster."
    )
    steps_per_execution: int = option(
        1,
        "Steps between two looks at logs, signals and checkpoints; must "
        "divide the steps of an epoch.",
        1,
    )
    accumulate_steps: int = option(
        1,
        "Parts that each batch is worked on in, one after the other, to save "
        "memory.",
        1,
    )
    strategy: str = option(
        "auto",
        "Where to train: auto, on all GPUs there are; multi_worker, on the "
        "machines of TF_CONFIG.",
        choices=STRATEGIES,
    )
    num_replicas: int = option(
        0,
        "Devices that share each batch, processor cores without a GPU; 0: all "
        "GPUs, or one processor.",
        0,
    )
    worker_timeout: int = option(
        300, "Seconds to wait for the other machines of TF_CONFIG.", 1
    )
    flat_epochs: int = option(100, "Epochs at the full learning rate.", 0)
    decay_epochs: int = option(100, "Epochs of its linear fall.", 0)
    checkpoint_steps: int = option(
        0, "Steps between checkpoints; 0: ends of epochs, twice a minute.", 0
    )
    cache: str = option(
        "auto",
        "Keep pictures in memory, file, none; auto: memory up to 2 GiB.",
        choices=data.CACHE_MODES,
    )
    cache_dir: str = option(
        "", "Folder for larger sets' resized pictures; runs can share it."
    )
    sample_epochs: int = option(1, "Epochs between sample pictures.", 1)
    evaluate_epochs: int = option(
        0,
        "Epochs between evaluations on held-out pictures, logged as val_NAME; "
        "0: none.",
        0,
    )
    features: str = option("auto", features.HELP)
    best_metric: str = option(
        "",
        "Figure of history.csv by which a best checkpoint is kept, such as "
        "val_frechet_distance; min:NAME or max:NAME for others. Default: with "
        "--evaluate_epochs, the main one of the trainer.",
    )
    patience: int = option(
        0,
        "Epochs without a better figure after which the training ends; 0: "
        "never.",
        0,
    )
    profile_steps: int = option(
        0, "Steps to profile for TensorBoard, after the first few; 0: none.", 0
    )
    export: bool = option(
        True, "Export the trained networks at the end (python -m export)."
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check_field(field, getattr(self, field.name))
        self.check()

    def check(self):
        """Refuses values that do not go together, by `UsageError`."""
        if self.epochs == 0:
            raise UsageError(
                "--flat_epochs and --decay_epochs must not both be 0."
            )
        if self.num_replicas > 1 and self.strategy == "none":
            raise UsageError(
                "--strategy=none is for one replica. Received: "
                f"--num_replicas={self.num_replicas}."
            )
        if self.num_replicas and self.strategy == "multi_worker":
            raise UsageError(
                "--num_replicas is for one machine: with "
                "--strategy=multi_worker, each uses all of its GPUs."
            )
        check_features(self.features)
        self._check_patience()
        if self.cache == "file" and not self.cache_dir:
            raise UsageError("--cache=file needs a folder, --cache_dir.")
        if self.reproducible and self.jit_compile:
            raise UsageError(
                "--reproducible must not go with --jit_compile: XLA promises "
                "no deterministic operations, and Keras would leave it out."
            )

    def _check_patience(self):
        if not self.patience:
            return
        if not self.best_metric and not self.evaluate_epochs:
            raise UsageError(
                "--patience needs a figure to wait for: give --best_metric or "
                "--evaluate_epochs."
            )
        if self.patience < self.evaluate_epochs:
            raise UsageError(
                f"--patience must be at least {self.evaluate_epochs}, "
                "--evaluate_epochs: a figure cannot get better between two "
                f"evaluations. Received: {self.patience}."
            )

    def check_replicas(self, num_replicas):
        """Refuses what several replicas cannot do, or cannot share.

        Args:
            num_replicas: Integer >= 1.

        Raises:
            UsageError: If a flag is for one replica, or the batch cannot be
                cut into equal parts.
        """
        num_parts = self.accumulate_steps * num_replicas
        if self.accumulate_steps > 1 and self.batch_size % num_parts:
            times = " times the number of replicas" if num_replicas > 1 else ""
            raise UsageError(
                f"--batch_size must be a multiple of {num_parts}, "
                f"--accumulate_steps{times}: it is the batch of all parts "
                f"together. Received: {self.batch_size}."
            )
        if num_replicas == 1:
            return
        if self.jit_compile:
            raise UsageError(
                "--jit_compile is for one replica: XLA compiles for one "
                "device, and cannot reach the weights of the others. "
                f"Received: {num_replicas} replicas."
            )
        if self.steps_per_execution > 1:
            raise UsageError(
                "--steps_per_execution must be 1 with several replicas: "
                "TensorFlow cannot loop over the steps of a strategy. "
                f"Received: {self.steps_per_execution}, and {num_replicas} "
                "replicas."
            )

    def check_epoch(self, steps_per_epoch):
        """Refuses executions that an epoch cannot be cut into.

        Keras would take steps beyond the end of the epoch.

        Args:
            steps_per_epoch: Integer >= 1.

        Raises:
            UsageError: If they do not divide.
        """
        steps = self.steps_per_execution
        if steps_per_epoch % steps:
            lower = next(
                n for n in range(steps, 0, -1) if steps_per_epoch % n == 0
            )
            raise UsageError(
                "--steps_per_execution must divide the steps of an epoch, "
                f"{steps_per_epoch}. Received: {steps}. The next lower one "
                f"that does is {lower}."
            )

    @property
    def compile_arguments(self):
        """What every model is compiled with, a dictionary."""
        return {
            # Never "auto": XLA draws other noise, and leaves checks out.
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "accumulate_steps": self.accumulate_steps,
        }

    @property
    def epochs(self):
        return self.flat_epochs + self.decay_epochs


def check_field(field, value):
    least, choices = field.metadata["least"], field.metadata["choices"]
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"--{field.name} must be finite. Received: {value}.")
    if least is not None and value < least:
        raise UsageError(
            f"--{field.name} must be >= {least}. Received: {value}."
        )
    if choices is not None and value not in choices:
        raise UsageError(
            f"--{field.name} must be one of {', '.join(choices)}. "
            f"Received: {value}.{did_you_mean(value, choices)}"
        )


def check_features(text):
    """Refuses what is no value of `--features`, by `UsageError`."""
    with naming_flag("features", text):
        features.check(text)


def did_you_mean(word, choices):
    """A closing question, or nothing where no choice is near `word`."""
    near = difflib.get_close_matches(word, choices, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def parse_size(flag, text):
    """`"256"` or `"256x384"` (height x width) as a pair of integers."""
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    if not match or 0 in (sizes := [int(g) for g in match.groups() if g]):
        raise UsageError(
            f"--{flag} must be a side in pixels, such as 256, or "
            f"HEIGHTxWIDTH, such as 256x384. Received: {text}."
        )
    return sizes[0], sizes[-1]


@contextlib.contextmanager
def naming_flag(flag, value):
    """Puts the flag in front of the sentences of errors about its value."""
    try:
        yield
    except data.ImageError:
        raise  # It names its file.
    except ValueError as error:
        raise UsageError(f"--{flag}={value}: {error}") from error
    except FileNotFoundError as error:
        raise FileNotFoundError(f"--{flag}={value}: {error}") from error


def define_flags(config_cls):
    """Returns `flags.FlagValues` with one flag per field of `config_cls`."""
    flag_values = flags.FlagValues()
    for field in dataclasses.fields(config_cls):
        _DEFINERS[field.type](
            field.name,
            field.default,
            field.metadata["help"],
            flag_values=flag_values,
        )
    return flag_values


def parse(config_cls, arguments):
    """Parses command-line words into a dictionary of the flags given.

    Raises:
        UsageError: If a flag is unknown or ill-formed, or a word left over.
    """
    given, rest = parse_words(config_cls, arguments)
    if rest:
        raise UsageError(
            f"Every argument is a flag, --NAME=VALUE. Received: {rest[0]!r}."
        )
    return given


def parse_words(config_cls, arguments):
    """Parses command-line words, of which some may be no flags.

    Returns:
        `(given, words)`: a dictionary of the flags given, and the other words.

    Raises:
        UsageError: If a flag is unknown or ill-formed.
    """
    flag_values = define_flags(config_cls)
    # Flags may follow words.
    flag_values.set_gnu_getopt(True)
    try:
        words = flag_values(["trainer", *arguments])[1:]
    except (flags.Error, UnicodeDecodeError) as error:
        raise UsageError(" ".join(str(error).split())) from error
    given = {
        name: flag_values[name].value
        for name in flag_values
        if flag_values[name].present
    }
    return given, words


def to_lines(config):
    """The flags of `config` as lines of a flagfile."""
    lines = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, bool):
            lines.append(f"--{'' if value else 'no'}{field.name}")
        else:
            lines.append(f"--{field.name}={value}")
    return lines
