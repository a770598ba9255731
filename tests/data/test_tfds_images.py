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


def write_metadata(data_dir, splits):
    """What a finished download would have left behind."""
    folder = data_dir / "cycle_gan" / "horse2zebra" / "3.0.0"
    folder.mkdir(parents=True)
    info = {
        "name": "cycle_gan",
        "configName": "horse2zebra",
        "version": "3.0.0",
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
