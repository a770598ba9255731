"""The command line that all commands share: flags, help, errors, exit codes.

Exit codes: 0 done, 1 the training or export failed, 2 wrong usage, 65 wrong
data, 69 another machine is missing, 74 the disk refused, 75 stopped by a
signal and ready to go on.
"""

import dataclasses
import sys

from keras_gans import checkpoints, data
from trainers import cluster, recipes, run_folder
from trainers import config as config_lib
from trainers.config import UsageError
from trainers.distribution import WorkerLost


class Stopped(Exception):
    """A signal came; the state is saved."""


def main(trainer, config_cls, train, doc, arguments=None):
    """Runs `train(config)` on the flags in `arguments` and exits.

    Args:
        trainer: Name of the trainer, as in `python -m trainers.NAME`.
        config_cls: Its subclass of `config.Config`.
        train: Function of a config; an exit code or `None`.
        doc: Text for `--help`.
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(exit_code_of(_run, trainer, config_cls, train, doc, arguments))


def command(config_cls, run, doc, arguments=None, takes_words=False):
    """Runs `run(config)`, of a command that is no trainer, and exits.

    Args:
        config_cls: A frozen dataclass with the flags of the command.
        run: Function of a config; an exit code or `None`.
        doc: Text for `--help`.
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
        takes_words: Boolean, whether words that are no flags are meant too:
            `run(config, words)` gets them, a list.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(
        exit_code_of(_run_command, config_cls, run, doc, arguments, takes_words)
    )


def exit_code_of(run, *arguments):
    """Calls `run(*arguments)`; turns what is raised into sentence and code."""
    try:
        return run(*arguments) or 0
    except Stopped as stop:
        return report(stop, 75)
    except UsageError as error:
        return report(error, 2)
    except (
        data.ImageError,
        checkpoints.CheckpointError,
        run_folder.DamagedRun,
        FileNotFoundError,
        NotADirectoryError,
    ) as error:
        return report(error, 65)
    except (WorkerLost, TimeoutError) as error:
        return report(error, 69)
    except OSError as error:
        return report(error, 74)
    except FloatingPointError as error:
        return report(error, 1)


def _run(trainer, config_cls, train, doc, arguments):
    if asks_for_help(arguments):
        print(_help(trainer, config_cls, doc))
        return 0
    recipe, arguments = take_flag("recipe", arguments)
    if recipe == "list":
        print(recipes.describe(trainer))
        return 0
    if recipe is not None:
        # In front, so that flags of the command line win.
        arguments = recipes.arguments(trainer, recipe) + arguments
    given = config_lib.parse(config_cls, arguments)
    if _is_follower(given):
        # The chief may have made the fresh run by now.
        given.pop("new", None)
    name = f"{trainer}_{recipe}" if recipe else trainer
    return train(run_folder.resolve(config_cls, given, trainer, name))


def _is_follower(given):
    return (
        given.get("strategy") == "multi_worker"
        and cluster.is_described()
        and not cluster.read().is_chief
    )


def _run_command(config_cls, run, doc, arguments, takes_words):
    if asks_for_help(arguments):
        print("\n".join([doc.strip(), "", *describe_flags(config_cls)]))
        return 0
    if takes_words:
        given, words = config_lib.parse_words(config_cls, arguments)
        return run(config_cls(**given), words)
    return run(config_cls(**config_lib.parse(config_cls, arguments)))


def report(error, code):
    """Prints an error, or a stop, as a sentence; returns the exit code."""
    print(f"\n{error}" if code == 75 else f"error: {error}", file=sys.stderr)
    return code


def asks_for_help(arguments):
    return bool({"--help", "-h", "-help"} & set(arguments))


def take_flag(flag, arguments):
    """Splits `--FLAG=VALUE` (or `--FLAG VALUE`) off the other words.

    Returns:
        `(value, others)`; the value is `None` without the flag.
    """
    value, rest, words = None, [], iter(arguments)
    for word in words:
        name, equals, after = word.partition("=")
        if name in (f"--{flag}", f"-{flag}"):
            value = after if equals else next(words, "")
        else:
            rest.append(word)
    return value, rest


def _help(trainer, config_cls, doc):
    lines = [doc.strip(), "", "Recipes (--recipe=NAME):"]
    lines += [recipes.describe(trainer), ""]
    return "\n".join([*lines, *describe_flags(config_cls)])


def describe_flags(config_cls):
    """The lines of `--help` about all flags."""
    lines = ["Flags:", "  --flagfile=FILE\n      Reads flags from a file."]
    return lines + list(map(_describe_flag, dataclasses.fields(config_cls)))


def _describe_flag(field):
    flag, text = f"--{field.name}={field.default}", field.metadata["help"]
    if field.metadata["choices"]:
        text += f" One of {', '.join(field.metadata['choices'])}."
    if isinstance(field.default, bool):
        flag = f"--[no]{field.name}"
        text += f" Default: {'on' if field.default else 'off'}."
    return f"  {flag}\n      {text}"
