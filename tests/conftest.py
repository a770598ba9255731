"""Every module and every test begins with the same seeds.

Modules of `benchmarks/`, which import each other as neighbours, can be imported
where there are any: beside an installed wheel there are none.
"""

import pathlib
import sys

import keras
import pytest

sys.path.append(str(pathlib.Path(__file__).parents[1] / "benchmarks"))


@pytest.fixture(autouse=True, scope="module")
def _seed_module():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _seed_test(_seed_module):
    keras.utils.set_random_seed(0)
