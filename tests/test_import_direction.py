"""Who may import whom (the table in BUILD.md); any other edge fails."""

import ast
import pathlib

import pytest

import keras_gans

# Of the installed packages, so that the wheel is what is checked.
ROOT = pathlib.Path(keras_gans.__file__).parents[1]
OURS = ("keras_gans", "trainers", "export")
# Each part may import the parts listed for it, itself, and the version.
MAY_IMPORT = {
    "keras_gans.replicas": set(),
    "keras_gans.processor": set(),
    "keras_gans.noise": {"keras_gans.replicas"},
    "keras_gans.layers": {
        "keras_gans.noise",
        "keras_gans.processor",
        "keras_gans.replicas",
    },
    "keras_gans.losses": {"keras_gans.noise", "keras_gans.replicas"},
    "keras_gans.optimizers": set(),
    "keras_gans.data": set(),
    "keras_gans.evaluation": {"keras_gans.metrics"},
    "keras_gans.checkpoints": set(),
    "keras_gans.features": set(),
    "keras_gans.latents": set(),
    "keras_gans.metrics": {"keras_gans.replicas"},
    "keras_gans.networks": {"keras_gans.layers", "keras_gans.replicas"},
    "keras_gans.models": {
        "keras_gans.latents",
        "keras_gans.layers",
        "keras_gans.losses",
        "keras_gans.metrics",
        "keras_gans.noise",
        "keras_gans.optimizers",
        "keras_gans.replicas",
    },
    "keras_gans.callbacks": {
        "keras_gans.data",
        "keras_gans.latents",
        "keras_gans.metrics",
    },
    "keras_gans.compat": {"keras_gans.layers", "keras_gans.replicas"},
    "keras_gans.prediction": {"keras_gans.layers"},
    "trainers": {"keras_gans"},
    "export": {"keras_gans"},
}
ALWAYS = {"keras_gans.version"}


def files_of(part):
    """Python files of a package, or the one file of a module."""
    path = ROOT / part.replace(".", "/")
    module = path.with_suffix(".py")
    return [*sorted(path.rglob("*.py")), *([module] if module.exists() else [])]


def package_of(path):
    """Dotted name of the package in which a file's relative imports start."""
    return path.relative_to(ROOT).parent.parts


def imported_modules(source, package=()):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1]
            prefix = start if node.level else ()
            module = ".".join([*prefix, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden_imports(source, part, package=()):
    allowed = MAY_IMPORT[part] | {part} | ALWAYS
    return [
        module
        for module in imported_modules(source, package)
        if module.split(".")[0] in OURS
        and not any(f"{module}.".startswith(f"{name}.") for name in allowed)
    ]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_part_imports_only_what_it_may(part):
    paths = files_of(part)
    assert paths
    for path in paths:
        forbidden = forbidden_imports(path.read_text(), part, package_of(path))
        assert not forbidden, f"{path.relative_to(ROOT)}: {forbidden}"


def test_every_part_is_in_the_table():
    parts = {
        f"keras_gans.{path.stem}"
        for path in (ROOT / "keras_gans").iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    # The top level's business is to import them all.
    parts -= {"keras_gans.__init__", *ALWAYS}
    assert parts <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("keras_gans.layers", "from keras_gans.losses import adversarial"),
        ("keras_gans.layers", "from ..losses import adversarial"),
        ("keras_gans.layers", "import keras_gans"),
        ("keras_gans.models", "from keras_gans import networks"),
        ("keras_gans.models", "import keras_gans.networks.resnet as resnet"),
        ("keras_gans.models", "def f():\n    import keras_gans.data"),
        ("keras_gans.networks", "from keras_gans.layers_extra import x"),
        ("trainers", "import export"),
        ("export", "from trainers import config"),
        ("keras_gans.data", "import trainers.config"),
    ],
)
def test_the_check_catches(part, source):
    assert forbidden_imports(source, part, tuple(part.split(".")))


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("keras_gans.layers", "import keras\nfrom keras_gans.version import v"),
        ("keras_gans.layers", "from . import pixel_shuffle"),
        ("keras_gans.models", "from keras_gans.losses import adversarial"),
        ("trainers", "from keras_gans import CycleGAN\nimport trainers.x"),
        ("export", "import exporters"),
    ],
)
def test_the_check_lets_pass(part, source):
    assert not forbidden_imports(source, part, tuple(part.split(".")))
