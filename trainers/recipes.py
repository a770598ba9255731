"""The recipes: flagfiles that are installed with the package."""

import importlib.resources

from trainers.config import UsageError, did_you_mean


def trainers():
    """Names of all trainers, sorted: each has recipes."""
    folder = importlib.resources.files("trainers") / "flagfiles"
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())


def names(trainer):
    """Names of the recipes of `trainer`, sorted."""
    folder = importlib.resources.files("trainers") / "flagfiles" / trainer
    return sorted(
        file.name.removesuffix(".flags")
        for file in folder.iterdir()
        if file.name.endswith(".flags")
    )


def read(trainer, name):
    """Text of the recipe `name`.

    Raises:
        UsageError: If there is none.
    """
    if name not in names(trainer):
        raise UsageError(
            f"--recipe must be one of {', '.join(names(trainer))}, or list. "
            f"Received: {name}.{did_you_mean(name, names(trainer))}"
        )
    folder = importlib.resources.files("trainers") / "flagfiles" / trainer
    return (folder / f"{name}.flags").read_text()


def arguments(trainer, name):
    """The recipe as words of a command line."""
    lines = (line.strip() for line in read(trainer, name).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def describe(trainer):
    """One line per recipe: its name and the first line of its file."""
    width = max(map(len, names(trainer)))
    return "\n".join(
        f"  {name:<{width}}  {read(trainer, name).splitlines()[0].lstrip('# ')}"
        for name in names(trainer)
    )
