import json
import re

import numpy as np
import pytest

from keras_gans import data

# TensorFlow Datasets itself uses what others have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
OWN_FOLDER = (
    "Or give a folder of your own that holds trainA and trainB in its place."
)


@pytest.fixture
def tfds():
    return pytest.importorskip("tensorflow_datasets")


def write_metadata(data_dir, splits, name="cycle_gan/horse2zebra/3.0.0"):
    """What a finished download would have left behind."""
    folder = data_dir / name
    folder.mkdir(parents=True)
    builder, *config, version = name.split("/")
    info = {
        "name": builder,
        "configName": "".join(config),
        "version": version,
        "fileFormat": "tfrecord",
        "splits": [
            {"name": name, "shardLengths": ["3"], "numBytes": "1"}
            for name in splits
        ],
    }
    (folder / "dataset_info.json").write_text(json.dumps(info))


def test_splits_become_domains(tfds, tmp_path):
    write_metadata(tmp_path, ["trainA", "trainB", "testA"])
    with tfds.testing.mock_data(num_examples=3, data_dir=tmp_path):
        domains = data.open_unpaired("tfds:cycle_gan/horse2zebra", channels_b=1)
    assert (domains.name, domains.test_is_paired) == (
        "cycle_gan/horse2zebra",
        False,
    )
    assert domains.test_b is None and len(domains.test_a) == 3
    assert domains.train_a.load((8, 6)).shape == (3, 8, 6, 3)
    assert domains.train_b.load((8, 6)).shape == (3, 8, 6, 1)


def test_pictures_are_those_of_the_set(tfds, tmp_path):
    write_metadata(tmp_path, ["trainA", "trainB"])
    with tfds.testing.mock_data(num_examples=2, data_dir=tmp_path):
        builder = tfds.builder("cycle_gan/horse2zebra")
        examples = builder.as_dataset(split="trainA")
        expected = [e["image"] for e in examples.as_numpy_iterator()]
        domains = data.open_tfds_domains("cycle_gan/horse2zebra")
    for index, image in enumerate(expected):
        np.testing.assert_array_equal(
            domains.train_a.read(index, image.shape[:2]), image
        )


def test_set_without_the_splits_is_refused(tfds, tmp_path):
    write_metadata(tmp_path, ["train", "test"])
    message = (
        "`name` must be a set with the splits trainA and trainB, and with the "
        "feature `image`. Received: name='cycle_gan/horse2zebra', with the "
        "splits ['test', 'train'] and the features ['image', 'label']. "
        f"Try 'cycle_gan/horse2zebra'. {OWN_FOLDER}"
    )
    with tfds.testing.mock_data(num_examples=1, data_dir=tmp_path):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            data.open_tfds_domains("cycle_gan/horse2zebra")


def test_unknown_set_is_refused(tfds):
    message = (
        "`name` must be a set that TensorFlow Datasets knows. "
        "Received: name='horse_to_zebra'. Look it up at "
        f"https://www.tensorflow.org/datasets/catalog. {OWN_FOLDER}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_tfds_domains("horse_to_zebra")


def test_failed_download_says_what_to_do(tfds, tmp_path, monkeypatch):
    def fail(self):
        raise OSError("no route to host")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    message = (
        "TensorFlow Datasets could not prepare 'cycle_gan/horse2zebra' in "
        f"{tmp_path}/cycle_gan/horse2zebra/3.0.0 (OSError: no route to host). "
        "Try again with a network connection and free disk space. "
        f"{OWN_FOLDER}"
    )
    with pytest.raises(ConnectionError, match=f"^{re.escape(message)}$"):
        data.open_tfds_domains("cycle_gan/horse2zebra", data_dir=tmp_path)


OWN_PICTURES = (
    "Or give a folder of your own that holds pictures, or one folder per "
    "class, in its place."
)


@pytest.fixture
def levels(tfds):
    """A set, built and not mocked, whose pixels are ten times the label."""

    class KerasGansLevels(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        labels = {"train": [2, 0, 1, 1, 2, 0, 2], "validation": [1, 2]}
        label_feature = tfds.features.ClassLabel(names=["x", "y", "z"])

        def _info(self):
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(shape=(4, 4, 1)),
                        "label": self.label_feature,
                    }
                )
            )

        def _split_generators(self, dl_manager):
            return {
                split: self._generate_examples(labels)
                for split, labels in self.labels.items()
            }

        def _generate_examples(self, labels):
            for index, label in enumerate(labels):
                image = np.full((4, 4, 1), 10 * label, "uint8")
                yield index, {"image": image, "label": label}

    yield KerasGansLevels
    del tfds.core.registered._DATASET_REGISTRY["keras_gans_levels"]


def test_labels_are_those_of_the_pictures(levels, tmp_path):
    images = data.open_tfds_images("keras_gans_levels", tmp_path, channels=1)
    assert (images.name, images.class_names) == (
        "keras_gans_levels",
        ("x", "y", "z"),
    )
    for split, opened, labels in (
        ("train", images.train, images.train_labels),
        ("validation", images.test, images.test_labels),
    ):
        assert opened.name == split and labels.dtype == np.int32
        assert sorted(labels) == sorted(levels.labels[split])
        np.testing.assert_array_equal(
            opened.load((4, 4))[:, 0, 0, 0], 10 * labels
        )


def test_labels_that_are_no_classes_are_left_out(levels, tmp_path):
    levels.label_feature = np.int64
    images = data.open_tfds_images("keras_gans_levels", tmp_path)
    assert images.class_names == ()
    assert images.train_labels is images.test_labels is None
    assert images.train.load((4, 4)).shape == (7, 4, 4, 3)


def test_labelled_set_by_its_spec(tfds, tmp_path):
    write_metadata(tmp_path, ["train", "validation", "test"], "mnist/3.0.1")
    with tfds.testing.mock_data(num_examples=3, data_dir=tmp_path):
        images = data.open_images("tfds:mnist", channels=3)
    assert images.class_names == tuple("0123456789")
    assert images.test.name == "test"
    assert images.train_labels.shape == images.test_labels.shape == (3,)
    assert images.train.load((28, 28)).shape == (3, 28, 28, 3)


def test_set_without_labels_and_test_pictures(tfds, tmp_path):
    write_metadata(tmp_path, ["train"], "celeb_a/2.1.0")
    with tfds.testing.mock_data(num_examples=2, data_dir=tmp_path):
        images = data.open_tfds_images("celeb_a", tmp_path)
    assert len(images.train) == 2 and images.class_names == ()
    assert images.train_labels is images.test is images.test_labels is None


def test_set_without_training_pictures_is_refused(tfds, tmp_path):
    write_metadata(tmp_path, ["trainA", "trainB"])
    message = (
        "`name` must be a set with the split train, and with the feature "
        "`image`. Received: name='cycle_gan/horse2zebra', with the splits "
        "['trainA', 'trainB'] and the features ['image', 'label']. "
        f"Try 'mnist'. {OWN_PICTURES}"
    )
    with tfds.testing.mock_data(num_examples=1, data_dir=tmp_path):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            data.open_tfds_images("cycle_gan/horse2zebra", tmp_path)


def test_unknown_set_of_pictures_is_refused(tfds):
    message = (
        "`name` must be a set that TensorFlow Datasets knows. "
        "Received: name='minst'. Look it up at "
        f"https://www.tensorflow.org/datasets/catalog. {OWN_PICTURES}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_images("tfds:minst")
