import dataclasses
import json
import re

import pytest

from keras_gans.metrics import Protocol, ProtocolMismatch, Score

PROTOCOL = Protocol(
    num_real=5000,
    num_fake=4000,
    features="classifier",
    features_hash="0123456789abcdef" * 4,
    split="fashion_mnist test",
    seed=3,
)
OTHERS = {
    "num_real": 1,
    "num_fake": 1,
    "features": "other",
    "features_hash": "f" * 64,
    "resizer": "bicubic",
    "split": "train",
    "seed": 4,
    "num_subsets": 100,
    "subset_size": 1000,
    "num_neighbors": 5,
}


def score(value=1.5, name="frechet_distance", lower_is_better=True, **changes):
    protocol = dataclasses.replace(PROTOCOL, **changes)
    return Score(name, value, protocol, lower_is_better)


def test_line_says_value_and_protocol():
    assert str(score(12.34567)) == (
        "frechet_distance 12.3457 (lower is better): 5000 real and 4000 fake "
        "images, split fashion_mnist test, features classifier "
        "(0123456789ab), resizer none, seed 3."
    )


def test_line_of_a_pair_measure_and_notes():
    protocol = Protocol(num_real=9, num_fake=9)
    noted = Score("ssim", 0.5, protocol, False, ("Few.", "Very few."))
    assert str(noted) == (
        "ssim 0.5 (higher is better): 9 real and 9 fake images, seed 0. "
        "Few. Very few."
    )


def test_line_says_subsets_and_neighbours():
    assert "100 subsets of 7" in str(score(num_subsets=100, subset_size=7))
    assert "5 neighbours" in str(score(num_neighbors=5))


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_better_goes_by_direction(lower_is_better):
    low, high = (
        score(value, lower_is_better=lower_is_better) for value in (1, 2)
    )
    assert low.is_better_than(high) is lower_is_better
    assert high.is_better_than(low) is not lower_is_better
    assert not low.is_better_than(low)


def test_every_field_of_the_protocol_can_refuse():
    assert set(OTHERS) == {f.name for f in dataclasses.fields(Protocol)}
    for field, value in OTHERS.items():
        with pytest.raises(ProtocolMismatch, match=f"differ in {field}: "):
            score().is_better_than(score(**{field: value}))


def test_refusal_says_all_that_differs():
    message = (
        "Two figures must have one name and one protocol to be compared. They "
        "differ in name: 'frechet_distance' and 'coverage'; "
        "num_fake: 4000 and 10; split: 'fashion_mnist test' and ''."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        score().is_better_than(score(name="coverage", num_fake=10, split=""))


def test_notes_do_not_make_figures_unlike():
    noted = dataclasses.replace(score(1.0), notes=("Few.",))
    assert noted.is_better_than(score(2.0))


def test_json_brings_it_back():
    noted = Score("density", 1 / 3, PROTOCOL, False, ("One.", "Two."))
    text = json.dumps(noted.to_json())
    assert Score.from_json(json.loads(text)) == noted


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("notes"),
        lambda record: record.pop("name"),
        lambda record: record.update(verdict="good"),
        lambda record: record["protocol"].pop("num_real"),
        lambda record: record["protocol"].update(mood="bad"),
    ],
    ids=["no notes", "no name", "unknown", "no count", "unknown in protocol"],
)
def test_other_json_is_refused(damage):
    record = score().to_json()
    damage(record)
    with pytest.raises(ValueError, match="`record` must be what"):
        Score.from_json(record)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="`value` of frechet_distance must be"):
        score(value)
