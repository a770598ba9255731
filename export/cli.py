"""The command line: `python -m export`."""

import re

from export import command_line, console
from export.errors import UsageError
from export.formats import DEFAULT, ENDS, FORMATS
from export.rewrites import names as rewrite_names
from export.signature import IMAGE_DTYPES

# name -> (placeholder, default, help)
_FLAGS = {
    "run_dir": (
        "RUN",
        None,
        "Run folder of a trainer; its newest intact checkpoint is exported.",
    ),
    "model": ("FILE.keras", None, "One saved model, instead of --run_dir."),
    "network": (
        "NAME",
        None,
        "Only this network, such as generator_ab or encoder. Default: all.",
    ),
    "output_dir": (
        "FOLDER",
        None,
        "Where the files go; an earlier export there is replaced as a whole. "
        "Default: export, in RUN or beside FILE.keras.",
    ),
    "formats": (
        "NAMES",
        ",".join(DEFAULT),
        f"Any of {', '.join(FORMATS)}, with commas. Default: all but int8. On "
        "phones, take dynamic.",
    ),
    "rewrites": (
        "NAMES",
        "all",
        "What is replaced in .tflite files by equal layers that phones run "
        f"faster: all, none, or any of {', '.join(rewrite_names.NAMES)}.",
    ),
    "pictures": (
        "FOLDER",
        None,
        "With --model: pictures for the comparison. Default: emoji, and their "
        "codes for a decoder; normal noise and labels in turn for latents.",
    ),
    "sizes": (
        "SIZES",
        None,
        "Sizes of images that the files take, such as 256 or 128,256x384, as "
        "signatures of one file; or free, for any size, which is slower. "
        "Default: that of training.",
    ),
    "image_dtype": (
        "float32|uint8",
        "float32",
        "Of images in and out: float32 in [-1, 1], or pixels as in files.",
    ),
    "float_ends": (
        "NAMES",
        None,
        "Any of first, last: convolutions that dynamic leaves in float32, for "
        "more precision. Needs ai-edge-quantizer.",
    ),
    "force_int8": (
        "on|off",
        "off",
        "With on, int8 is tried for networks with instance norms too.",
    ),
    "norm_mode": (
        "MODE",
        None,
        "What batch norms of a translator go by: instance, each image by "
        "itself; running, averages of training. Default: as the model says.",
    ),
    "dropout": (
        "on|off",
        "off",
        "With on, what a translator drops out is drawn once and becomes part "
        "of the files.",
    ),
}
_CHOICES = {
    # At the batch of one that files have, "batch" is "instance".
    "norm_mode": (None, "instance", "running"),
    "dropout": ("on", "off"),
    "force_int8": ("on", "off"),
    "image_dtype": IMAGE_DTYPES,
}
_SIDE = r"[1-9]\d{0,4}"
_SIZES = rf"{_SIDE}(x{_SIDE})?(,{_SIDE}(x{_SIDE})?)*"
_ABOUT = """\
Exports trained networks, such as generators, encoders and decoders, to
SavedModel and .tflite files. Each file is opened in a fresh process and
compared with Keras; only files that agree are written.

  python -m export --run_dir=runs/cyclegan-001
  python -m export --model=generator.keras --formats=float16
"""
_EXIT_CODES = """\
Exit codes: 0 all files agree, 1 a file did not, 2 wrong flags, 65 nothing
usable to export, 74 a file cannot be read or written, 130 interrupted."""


def main(argv=None):
    """Runs the command.

    Args:
        argv: List of words, the program's name first. Default: `sys.argv`.

    Returns:
        The exit code.
    """
    return command_line.main(
        _FLAGS, _ABOUT, _EXIT_CODES, _check, _run, argv=argv
    )


def _check(options):
    if (options.run_dir is None) == (options.model is None):
        raise UsageError(
            "Give exactly one of --run_dir=RUN and --model=FILE.keras."
        )
    if options.pictures and options.run_dir:
        raise UsageError(
            "--pictures goes with --model; a run is compared on its own data."
        )
    _check_names("formats", options.formats.split(","), FORMATS)
    _check_names(
        "rewrites",
        rewrite_names.parse(options.rewrites),
        rewrite_names.NAMES,
        "all, none or from ",
    )
    if options.float_ends:
        _check_names("float_ends", options.float_ends.split(","), ENDS)
        if "dynamic" not in options.formats.split(","):
            raise UsageError(
                "--float_ends is for the format dynamic, which --formats="
                f"{options.formats} leaves out."
            )
    for name, choices in _CHOICES.items():
        if options[name].value not in choices:
            accepted = " or ".join(filter(None, choices))
            raise UsageError(
                f"--{name} must be {accepted}. Received: {options[name].value}."
            )
    sizes = options.sizes
    if sizes and sizes != "free" and not re.fullmatch(_SIZES, sizes):
        raise UsageError(
            "--sizes must be free, or sides and HEIGHTxWIDTHs with commas, "
            f"such as 128,256x384. Received: {sizes}."
        )


def _check_names(flag, names, known, before="from "):
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"--{flag} must be {before}{', '.join(known)}. "
            f"Received: {unknown[0] or 'an empty name'}."
        )


def _run(options):
    with console.quiet_libraries():
        from export import command
    return command.run(options)
