"""What phones run of the mobile generators."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import export
import keras_gans

pytestmark = pytest.mark.slow

MOBILE = {
    "resnet": lambda **options: keras_gans.build_mobile_resnet_generator(
        (16, 16, 3), None, 8, 1, **options
    ),
    "unet": lambda **options: keras_gans.build_mobile_unet_generator(
        (16, 16, 3), None, 8, **options
    ),
}


def export_file(network, folder, **options):
    """Exports as float32; an interpreter of the file."""
    rng = np.random.default_rng(0)
    for weight in network.trainable_variables:
        weight.assign(weight + 0.1 * rng.normal(size=weight.shape))
    images = rng.uniform(-1, 1, (2, 16, 16, 3)).astype("float32")
    result = export.export_network(
        network, images, folder, ("float32",), **options
    )
    assert result.ok, result
    interpreter = Interpreter(str(folder / "generator_float32.tflite"))
    interpreter.allocate_tensors()
    return interpreter


def count_partitions(interpreter):
    operators = [x["op_name"] for x in interpreter._get_ops_details()]
    assert "DEPTHWISE_CONV_2D" in operators
    return operators.count("DELEGATE")


@pytest.mark.parametrize("name", MOBILE)
def test_a_file_passes_and_is_one_partition(name, tmp_path):
    interpreter = export_file(MOBILE[name](), tmp_path / "export")
    assert count_partitions(interpreter) == 1


def test_partitions_are_counted(tmp_path):
    # Nearest-neighbour interpolation is a TILE, which XNNPACK does not take.
    network = MOBILE["unet"](upsampling="resize")
    interpreter = export_file(network, tmp_path / "export", rewrites=())
    assert count_partitions(interpreter) > 1
