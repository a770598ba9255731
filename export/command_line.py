"""Flags, help, errors and exit codes of a command, without TensorFlow.

`--help` and a wrong flag are answered at once, before anything is imported
that takes seconds.
"""

import os
import sys
import textwrap

from absl import flags

from export.errors import ExportError, UsageError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DATA = 65
EXIT_IO = 74
EXIT_INTERRUPTED = 130


def main(table, about, exit_codes, check, run, argv=None):
    """Parses the words of a command and runs it.

    Args:
        table: Dict from the name of a flag to its placeholder, its default, a
            string or `None`, and its help.
        about: Text for the head of `--help`.
        exit_codes: Text for its end.
        check: Function of the flags that raises `UsageError`.
        run: Function of the flags that returns whether all went well.
        argv: List of words, the program's name first. Default: `sys.argv`.

    Returns:
        The exit code.
    """
    try:
        options = _parse(table, argv or sys.argv)
        if options.help:
            print(_help(table, about, exit_codes))
            return 0
        check(options)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        return 0 if run(options) else EXIT_FAILED
    except UsageError as error:
        return _fail(EXIT_USAGE, error)
    except ExportError as error:
        return _fail(EXIT_DATA, error)
    except KeyboardInterrupt:
        return _fail(EXIT_INTERRUPTED, "Interrupted: nothing more is written.")
    except OSError as error:
        reason = error.strerror or error
        path = f"{error.filename}: " if error.filename else ""
        return _fail(EXIT_IO, f"{path}{reason}")


def _parse(table, argv):
    options = flags.FlagValues()
    flags.DEFINE_bool("help", False, "", flag_values=options)
    for name, (_, default, text) in table.items():
        flags.DEFINE_string(name, default, text, flag_values=options)
    try:
        stray_words = options(argv)[1:]
    except flags.Error as error:
        accepted = ", ".join(f"--{name}" for name in table)
        raise UsageError(f"{error}. Accepted: {accepted}.") from error
    if stray_words:
        raise UsageError(
            f"Unexpected word: {stray_words[0]}. Every option is a flag, such "
            f"as --{next(iter(table))}={table[next(iter(table))][0]}."
        )
    if not options.help:
        for name in table:
            if options[name].value == "":
                raise UsageError(f"--{name} is empty: give it a value.")
    return options


def _help(table, about, exit_codes):
    lines = [about]
    for name, (placeholder, _, text) in table.items():
        lines.append(f"  --{name}={placeholder}")
        lines += textwrap.wrap(
            text, 78, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return "\n".join([*lines, "", exit_codes])


def _fail(code, message):
    print(" ".join(str(message).split()), file=sys.stderr)
    return code
