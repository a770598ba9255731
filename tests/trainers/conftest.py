import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """Four folders of 16x16 pictures, six and five for training."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, count, colour in (
        ("trainA", 6, (255, 60, 60)),
        ("trainB", 5, (60, 60, 255)),
        ("testA", 2, (255, 60, 60)),
        ("testB", 2, (60, 60, 255)),
    ):
        (root / name).mkdir()
        for i in range(count):
            pixels = rng.integers(0, 60, (16, 16, 3)) + np.array(colour) // 2
            Image.fromarray(pixels.astype("uint8")).save(
                root / name / f"{i}.png"
            )
    return root


@pytest.fixture(scope="session")
def tiny_flags(picture_folder):
    """Flags of a CycleGAN that trains in a second: 6 steps per epoch."""
    return [
        f"--data={picture_folder}",
        "--image_size=16",
        "--load_size=18",
        "--generator_filters=2",
        "--num_residual_blocks=1",
        "--discriminator_filters=2",
        "--discriminator_layers=1",
        "--pool_size=2",
        "--flat_epochs=2",
        "--decay_epochs=2",
        "--noexport",
    ]
