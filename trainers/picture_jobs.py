"""Which picture becomes which file, decided before anything is written."""

import dataclasses
import pathlib

from keras_gans import data
from trainers.config import UsageError, naming_flag


@dataclasses.dataclass(frozen=True)
class PictureJob:
    """A picture to read, and the file to make of it."""

    source: pathlib.Path
    target: pathlib.Path


def plan_jobs(source, output, suffix):
    """Finds pictures, and names the files to make of them.

    Args:
        source: Path of a picture, or of a folder with pictures in it and its
            subfolders.
        output: Path of the folder for the results; subfolders are kept.
        suffix: Ending of the results, such as `".png"`.

    Returns:
        A list of `PictureJob`.

    Raises:
        FileNotFoundError: If there is no `source`.
        UsageError: If it holds no pictures, or one would be overwritten, or
            two would become one file.
    """
    if source.is_file():
        folder, paths = source.parent, [source]
    else:
        folder = source
        with naming_flag("input", source):
            paths = data.list_images(source)
    _check_output(output, folder, is_folder=folder == source)
    jobs = [
        PictureJob(
            path, (output / path.relative_to(folder)).with_suffix(suffix)
        )
        for path in paths
    ]
    _check_targets(jobs, output)
    return jobs


def _check_output(output, folder, is_folder):
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output must be a folder. {output} is a file.")
    resolved, of_input = output.resolve(), folder.resolve()
    if resolved == of_input or (is_folder and of_input in resolved.parents):
        raise UsageError(
            "--output must lie outside the folder of the pictures, lest "
            "results overwrite pictures or be taken for some the next time. "
            f"Received: {output}, and pictures in {folder}."
        )


def _check_targets(jobs, output):
    sources = {job.source.resolve() for job in jobs}
    sources_of = {}
    for job in jobs:
        target = job.target.parent.resolve() / job.target.name
        if target in sources:
            raise UsageError(
                f"--output must not overwrite the picture {target}. Choose "
                "another folder."
            )
        if output.resolve() not in target.parents:
            raise UsageError(
                f"--output {output} must not lead elsewhere by links. "
                f"{job.target} would be {target}."
            )
        # Some disks do not tell a.png from A.png.
        name = str(target).casefold()
        if name in sources_of:
            raise UsageError(
                f"{sources_of[name]} and {job.source} would both become "
                f"{job.target}. Rename one of them."
            )
        sources_of[name] = job.source
