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


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory):
    """Bright and dark 16x16 pictures: 12 of each for training, 10 to test."""
    root = tmp_path_factory.mktemp("classes")
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 10)):
        for name, offset in (("bright", 150), ("dark", 0)):
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = offset + rng.integers(0, 100, (16, 16, 1))
                pixels = np.repeat(pixels, 3, axis=-1).astype("uint8")
                Image.fromarray(pixels).save(folder / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def tiny_image_flags(class_folder):
    """Flags of a GAN of pictures with all there is: 6 steps per epoch."""
    return [
        f"--data={class_folder}",
        "--image_size=16",
        "--load_size=18",
        "--batch_size=2",
        "--discriminator_steps=2",
        "--latent_dim=3",
        "--generator_filters=2",
        "--discriminator_filters=2",
        "--discriminator_normalization=none",
        "--penalty=gradient",
        "--dropout=0.2",
        "--instance_noise=0.1",
        "--average_decay=0.9",
        "--flat_epochs=2",
        "--decay_epochs=2",
        "--noexport",
    ]


@pytest.fixture(scope="session")
def tiny_mixture_flags():
    """Flags of a GAN of points: 6 steps per epoch."""
    return [
        "--data=mixture:ring_8",
        "--network=mlp",
        "--hidden_units=8",
        "--latent_dim=2",
        "--batch_size=16",
        "--steps_per_epoch=6",
        "--flat_epochs=4",
    ]


@pytest.fixture(scope="session")
def pair_folder(tmp_path_factory):
    """Discs on noise, grey and coloured, side by side in files of 16x32."""
    root = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    for split, count in (("train", 6), ("test", 3)):
        (root / split).mkdir()
        for i in range(count):
            centre, radius = rng.integers(5, 11, 2), rng.integers(3, 6)
            disc = np.hypot(rows - centre[0], columns - centre[1]) < radius
            grey = rng.integers(0, 60, (16, 16, 1)) + 150 * disc[..., None]
            colour = np.where(disc[..., None], (230, 40, 40), (30, 60, 200))
            pair = np.concatenate([grey.repeat(3, axis=-1), colour], axis=1)
            Image.fromarray(pair.astype("uint8")).save(
                root / split / f"{i}.png"
            )
    return root


@pytest.fixture(scope="session")
def tiny_pair_flags(pair_folder):
    """Flags of a pix2pix that trains in a second: 6 steps per epoch."""
    return [
        f"--data={pair_folder}",
        "--image_size=16",
        "--load_size=18",
        "--generator_filters=4",
        "--discriminator_filters=4",
        "--discriminator_layers=1",
        "--flat_epochs=2",
        "--decay_epochs=2",
        "--noexport",
    ]


@pytest.fixture(scope="session")
def tiny_autoencoder_flags(class_folder):
    """Flags of an autoencoder that trains in a second: 6 steps per epoch."""
    return [
        f"--data={class_folder}",
        "--image_size=16",
        "--network=dense",
        "--hidden_units=8",
        "--code_dim=4",
        "--batch_size=4",
        "--flat_epochs=2",
        "--decay_epochs=2",
        "--noexport",
    ]
