import re

import numpy as np
import pytest

from keras_gans import data

# TensorFlow Datasets itself uses what others have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def tfds():
    return pytest.importorskip("tensorflow_datasets")


@pytest.fixture
def levels(tfds):
    """A set, built and not mocked: A has a level, and B is 100 brighter."""

    class KerasGansPairs(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        splits = {"train": [3, 1, 2], "validation": [5, 4]}
        # Not in the order of their names.
        features = {"photo": (4, 6, 1), "mask": (4, 6, 1)}

        def _info(self):
            features = {
                name: tfds.features.Image(shape=shape)
                for name, shape in self.features.items()
            }
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(
                    {**features, "level": np.int64}
                )
            )

        def _split_generators(self, dl_manager):
            return {
                split: self._generate_examples(levels)
                for split, levels in self.splits.items()
            }

        def _generate_examples(self, levels):
            for level in levels:
                sides = [
                    np.full((4, 6, 1), level + brighter, "uint8")
                    for brighter in (0, 100, 200)
                ]
                if len(self.features) == 1:
                    sides = [np.concatenate(sides[:2], axis=1)]
                images = dict(zip(sorted(self.features), sides))
                yield level, {**images, "level": level}

    yield KerasGansPairs
    del tfds.core.registered._DATASET_REGISTRY["keras_gans_pairs"]


def assert_are_pairs(inputs, targets, levels, size):
    levels_a = inputs.load(size)[:, 0, 0, 0]
    assert sorted(levels_a) == sorted(levels)
    np.testing.assert_array_equal(
        targets.load(size),
        np.broadcast_to(
            levels_a[:, None, None, None] + 100, (len(levels), *size, 3)
        ),
    )


@pytest.mark.parametrize(
    "features",
    [
        {"photo": (4, 6, 1), "mask": (4, 6, 1)},
        {"picture": (4, 12, 1)},
    ],
    ids=["two_features", "side_by_side"],
)
def test_pairs_of_a_set(levels, tmp_path, features):
    levels.features = features
    pairs = data.open_tfds_pairs("keras_gans_pairs", tmp_path, channels_a=1)
    assert pairs.name == "keras_gans_pairs"
    assert pairs.train_inputs.channels == 1
    for inputs, targets, split in (
        (pairs.train_inputs, pairs.train_targets, "train"),
        (pairs.test_inputs, pairs.test_targets, "validation"),
    ):
        assert inputs.name.split()[0] == split
        assert_are_pairs(inputs, targets, levels.splits[split], (4, 6))


def test_pairs_by_their_spec(levels, tmp_path, tfds, monkeypatch):
    levels.splits = {"train": [3, 1]}
    monkeypatch.setattr(
        tfds, "builder", lambda name, data_dir: levels(data_dir=tmp_path)
    )
    pairs = data.open_paired("tfds:keras_gans_pairs", "b_to_a", 3, 1)
    assert pairs.test_inputs is pairs.test_targets is None
    assert_are_pairs(pairs.train_targets, pairs.train_inputs, [3, 1], (4, 6))


@pytest.mark.parametrize(
    ("features", "split"),
    [
        ({name: (4, 6, 1) for name in ("x", "y", "z")}, "train"),
        ({}, "train"),
        ({"picture": (4, 12, 1)}, "other"),
    ],
    ids=["three_features", "no_feature", "no_train"],
)
def test_other_sets_are_refused(levels, tmp_path, features, split):
    levels.features, levels.splits = features, {split: [1]}
    message = (
        "`name` must be a set with the split train, and with two features that "
        "are images, or one with A and B side by side. Received: "
        f"name='keras_gans_pairs', with the splits {[split]} and the features "
        f"{sorted([*features, 'level'])}. Try 'oxford_iiit_pet'. Or give a "
        "folder of your own that holds train, or trainA and trainB, in its "
        "place."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_tfds_pairs("keras_gans_pairs", tmp_path)
