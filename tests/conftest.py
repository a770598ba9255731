"""Every module and every test begins with the same seeds."""

import keras
import pytest


@pytest.fixture(autouse=True, scope="module")
def _seed_module():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _seed_test(_seed_module):
    keras.utils.set_random_seed(0)
