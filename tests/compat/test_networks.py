"""Whole networks of old scripts, whose import line alone has changed."""

import keras
import numpy as np
import pytest

import keras_gans.compat.tfa as tfa
from tests.legacy import fixtures, networks


@pytest.mark.parametrize("build", networks.NETWORKS)
def test_old_sources_and_weights_give_the_old_answers(build, tmp_path):
    folder = fixtures.unpack(build.__name__, tmp_path)
    model = build(keras, tfa)
    model.load_weights(folder / "model.weights.h5")
    with np.load(folder / "probe.npz") as probe:
        np.testing.assert_allclose(
            model(probe["inputs"]), probe["outputs"], atol=1e-5
        )


# Keras 3 renames an argument of LeakyReLU while it reads the file.
@pytest.mark.filterwarnings("ignore:Argument `alpha` is deprecated")
@pytest.mark.parametrize(
    "build", [networks.patchgan_discriminator, networks.spectral_discriminator]
)
def test_old_whole_models_find_their_layers(build, tmp_path):
    folder = fixtures.unpack(build.__name__, tmp_path)
    model = keras.saving.load_model(folder / "model.h5", compile=False)
    with np.load(folder / "probe.npz") as probe:
        np.testing.assert_allclose(
            model([probe["inputs"]]), probe["outputs"], atol=1e-5
        )
