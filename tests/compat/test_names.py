"""Every name of tensorflow-addons is here, or says what to use instead."""

import pathlib
import re

import keras
import pytest

import keras_gans.compat.tfa as tfa
from keras_gans.compat.tfa import replacements
from tests.legacy import fixtures

NAMESPACES = {
    "tfa": tfa,
    "tfa.layers": tfa.layers,
    "tfa.optimizers": tfa.optimizers,
    "tfa.image": tfa.image,
}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_all_names_are_here_or_explained(namespace):
    theirs = set(fixtures.names()[namespace])
    here = set(NAMESPACES[namespace].__all__)
    explained = set(replacements.REPLACEMENTS[namespace])
    assert here | explained == theirs
    assert not here & explained


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_missing_names_say_what_to_use(namespace):
    for name, advice in replacements.REPLACEMENTS[namespace].items():
        message = (
            f"`{namespace}.{name}` is not in `keras_gans.compat.tfa`: {advice}."
        )
        with pytest.raises(AttributeError, match=f"^{re.escape(message)}$"):
            getattr(NAMESPACES[namespace], name)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_names_that_nobody_had_are_plainly_missing(namespace):
    module = NAMESPACES[namespace].__name__
    message = f"module {module!r} has no attribute 'Nonsense'"
    with pytest.raises(AttributeError, match=f"^{re.escape(message)}$"):
        NAMESPACES[namespace].Nonsense  # noqa: B018
    assert not hasattr(NAMESPACES[namespace], "Nonsense")


def resolve(name):
    """The object of a dotted name that starts with `keras` or `tfa`."""
    first, *rest = name.split(".")
    value = {"keras": keras, "tfa": tfa}[first]
    for part in rest:
        value = getattr(value, part)
    return value


def test_what_is_advised_exists():
    texts = [
        advice
        for names in replacements.REPLACEMENTS.values()
        for advice in names.values()
    ]
    page = pathlib.Path(__file__).parents[2] / "docs" / "migration.md"
    if page.exists():  # Not beside an installed wheel.
        ours = page.read_text().split("tensorflow-addons does not have")[0]
        texts.append(re.sub(r"^\| `[^|]*\|", "", ours, flags=re.MULTILINE))
    names = {
        name
        for text in texts
        for name in re.findall(r"`(keras\.[\w.]+|tfa\.[a-z]+\.\w+)", text)
    }
    assert len(names) > 20
    for name in names:
        assert resolve(name) is not None, name


def test_from_imports():
    from keras_gans.compat.tfa.layers import InstanceNormalization

    assert InstanceNormalization is tfa.layers.InstanceNormalization
    with pytest.raises(ImportError):
        from keras_gans.compat.tfa.optimizers import Yogi  # noqa: F401
