import dataclasses

import pytest

from trainers import (
    autoencoder,
    conditional_gan,
    cyclegan,
    gan,
    pix2pix,
    recipes,
)
from trainers import config as config_lib
from trainers.config import UsageError


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    size: int = config_lib.option(4, "A size.", 1)
    rate: float = config_lib.option(0.5, "A rate.", 0)
    kind: str = config_lib.option("thin", "A kind.", choices=("thin", "thick"))
    batch_size: int = config_lib.option(6, "A batch.", 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "--size must be >= 1. Received: 0."),
        ({"rate": float("nan")}, "--rate must be finite. Received: nan."),
        ({"rate": float("inf")}, "--rate must be finite. Received: inf."),
        ({"rate": -0.1}, "--rate must be >= 0. Received: -0.1."),
        (
            {"kind": "thik"},
            "--kind must be one of thin, thick. Received: thik. Did you mean "
            "thick?",
        ),
        ({"seed": -1}, "--seed must be >= 0. Received: -1."),
        (
            {"precision": "mixed_float61"},
            "--precision must be one of float32, mixed_bfloat16, "
            "mixed_float16. Received: mixed_float61. Did you mean "
            "mixed_float16?",
        ),
        (
            {"steps_per_execution": 0},
            "--steps_per_execution must be >= 1. Received: 0.",
        ),
        (
            {"reproducible": True, "jit_compile": True},
            "--reproducible must not go with --jit_compile: XLA promises no "
            "deterministic operations, and Keras would leave it out.",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(UsageError) as error:
        Config(**values)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"jit_compile": True},
            "--jit_compile is for one replica: XLA compiles for one device, "
            "and cannot reach the weights of the others. Received: 2 "
            "replicas.",
        ),
        (
            {"steps_per_execution": 3},
            "--steps_per_execution must be 1 with several replicas: "
            "TensorFlow cannot loop over the steps of a strategy. Received: "
            "3, and 2 replicas.",
        ),
        (
            {"accumulate_steps": 3, "batch_size": 9},
            "--batch_size must be a multiple of 6, --accumulate_steps times "
            "the number of replicas: it is the batch of all parts together. "
            "Received: 9.",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_replicas_cannot_do_is_refused(values, message):
    config = Config(**values)
    config.check_replicas(1)
    with pytest.raises(UsageError) as error:
        config.check_replicas(2)
    assert str(error.value) == message


def test_parts_must_divide_a_batch():
    Config(accumulate_steps=3).check_replicas(1)
    Config(accumulate_steps=3).check_replicas(2)
    message = "^--batch_size must be a multiple of 4, --accumulate_steps: it"
    with pytest.raises(UsageError, match=message):
        Config(accumulate_steps=4).check_replicas(1)


def test_executions_must_divide_an_epoch():
    Config(steps_per_execution=4).check_epoch(12)
    with pytest.raises(UsageError, match="is 1.$"):
        Config(steps_per_execution=4).check_epoch(13)


def test_flags_come_from_the_fields():
    given = config_lib.parse(Config, ["--size=7", "--new", "--rate", "0.25"])
    assert given == {"size": 7, "new": True, "rate": 0.25}
    assert Config(**given) == Config(size=7, new=True, rate=0.25)


def test_a_config_survives_the_way_through_a_flagfile(tmp_path):
    config = Config(size=9, rate=1e-5, kind="thick", export=False, new=True)
    file = tmp_path / "flags.txt"
    file.write_text("\n".join(["# a comment", *config_lib.to_lines(config)]))
    given = config_lib.parse(Config, [f"--flagfile={file}"])
    assert Config(**given) == config


def test_the_command_line_wins_over_a_flagfile_before_it(tmp_path):
    file = tmp_path / "flags.txt"
    file.write_text("--size=9\n")
    given = config_lib.parse(Config, [f"--flagfile={file}", "--size=3"])
    assert given == {"size": 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sise=3"], "Unknown command line flag 'sise'. Did you mean: size"),
        (["--size=three"], "flag --size=three: invalid literal for int()"),
        (
            ["quick"],
            "Every argument is a flag, --NAME=VALUE. Received: 'quick'",
        ),
        (["--flagfile=missing"], "missing"),
        (["--size"], "Missing value for flag --size"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_command_lines_are_refused_in_one_line(arguments, message):
    with pytest.raises(UsageError) as error:
        config_lib.parse(Config, arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_flagfile_of_bytes_is_refused(tmp_path):
    file = tmp_path / "flags.txt"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        config_lib.parse(Config, [f"--flagfile={file}"])


@pytest.mark.parametrize(
    ("text", "size"), [("256", (256, 256)), ("128x384", (128, 384))]
)
def test_sizes(text, size):
    assert config_lib.parse_size("image_size", text) == size


@pytest.mark.parametrize("text", ["", "0", "64x", "64x0", "-4", "4.5", "a"])
def test_bad_sizes(text):
    with pytest.raises(UsageError, match="^--image_size must be a side in"):
        config_lib.parse_size("image_size", text)


def test_defaults_are_those_of_the_paper():
    config = cyclegan.Config(data="pictures")
    assert config.crop_size == (256, 256)
    assert config.size_before_crop == (286, 286)
    assert config.epochs == 200
    assert config.batch_size == 1
    assert config.generator_learning_rate == 2e-4
    assert config.discriminator_learning_rate == 2e-4
    assert config.lambda_cycle == 10
    assert config.lambda_identity == 0.5
    assert config.pool_size == 50
    assert config.num_residual_blocks == 9
    assert config.generator == "resnet"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"data": ""},
            "--data must be a folder with trainA and trainB, embedded:NAME or "
            "tfds:NAME. To see what happens, try --recipe=quickstart.",
        ),
        (
            {"image_size": "250"},
            "--image_size must be at least 8 and divisible by 4. Received: "
            "250.",
        ),
        (
            {"load_size": "128"},
            "--load_size must not be smaller than --image_size, 256. "
            "Received: 128.",
        ),
        (
            {"generator_learning_rate": 0.0},
            "--generator_learning_rate must be > 0. Received: 0.0.",
        ),
        (
            {"flat_epochs": 0, "decay_epochs": 0},
            "--flat_epochs and --decay_epochs must not both be 0.",
        ),
        ({"batch_size": -3}, "--batch_size must be >= 1. Received: -3."),
        (
            {"generator": "mobile_resnet_9"},
            "--generator must be one of resnet, mobile_resnet. Received: "
            "mobile_resnet_9. Did you mean mobile_resnet?",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_flags_of_cyclegan(values, message):
    with pytest.raises(UsageError) as error:
        cyclegan.Config(**{"data": "pictures", **values})
    assert str(error.value) == message


MODULES = {
    "autoencoder": autoencoder,
    "conditional_gan": conditional_gan,
    "cyclegan": cyclegan,
    "gan": gan,
    "pix2pix": pix2pix,
}


def config_of(trainer, recipe):
    config_cls = MODULES[trainer].Config
    given = config_lib.parse(config_cls, recipes.arguments(trainer, recipe))
    return config_cls(**given)


@pytest.mark.parametrize(
    ("trainer", "name"),
    [(trainer, name) for trainer in MODULES for name in recipes.names(trainer)],
)
def test_every_recipe_parses_and_says_what_it_is(trainer, name):
    config_of(trainer, name)
    text = recipes.read(trainer, name)
    first_line = text.splitlines()[0]
    assert first_line.startswith("# ") and first_line.endswith(".")
    assert f"python -m trainers.{trainer} --recipe={name}" in text
    assert f"  {name}" in recipes.describe(trainer)


def test_horse2zebra_is_the_papers_setting():
    assert config_of("cyclegan", "horse2zebra") == cyclegan.Config(
        data="tfds:cycle_gan/horse2zebra", load_size="286"
    )


@pytest.mark.parametrize("name", ["facades", "maps", "edges2shoes"])
def test_pix2pix_recipes_are_the_papers_settings(name):
    """Isola et al., 2017: sections 3.3, 6.1 and 6.2; the Torch code."""
    config = config_of("pix2pix", name)
    assert config.crop_size == (256, 256)
    assert (config.generator, config.num_levels) == ("unet", 0)
    assert (config.generator_filters, config.normalization) == (64, "batch")
    assert (config.dropout, config.dropout_layout) == (0.5, "paper")
    assert config.discriminator_filters == 64
    assert config.discriminator_layers == 3
    assert config.adversarial_loss == "non_saturating"
    assert config.discriminator_loss_weight == 0.5
    assert config.lambda_l1 == 100
    assert config.generator_learning_rate == 2e-4
    assert config.discriminator_learning_rate == 2e-4
    assert config.decay_epochs == 0
    jitter, batch_size, epochs, direction = {
        "facades": (286, 1, 200, "b_to_a"),
        "maps": (286, 1, 200, "a_to_b"),
        "edges2shoes": (256, 4, 15, "a_to_b"),
    }[name]
    assert config.size_before_crop == (jitter, jitter)
    assert (config.batch_size, config.flat_epochs) == (batch_size, epochs)
    assert config.direction == direction


@pytest.mark.parametrize(
    ("trainer", "mobile", "neighbour", "generator"),
    [
        ("cyclegan", "mobile", "horse2zebra", "mobile_resnet"),
        ("cyclegan", "mobile_quickstart", "quickstart", "mobile_resnet"),
        ("pix2pix", "mobile", "facades", "mobile_unet"),
        ("pix2pix", "mobile_quickstart", "quickstart", "mobile_unet"),
    ],
)
def test_mobile_recipes_change_the_generator_alone(
    trainer, mobile, neighbour, generator
):
    config = config_of(trainer, neighbour)
    assert config_of(trainer, mobile) != config
    assert config_of(trainer, mobile) == dataclasses.replace(
        config, generator=generator
    )


def test_dcgan_64_is_the_papers_setting():
    """The defaults of the GAN trainers are DCGAN's."""
    config = config_of("gan", "dcgan_64")
    assert config == gan.Config(data="tfds:celeb_a", load_size="78x64")
    assert config.batch_size == 128
    assert config.latent_dim == 100
    assert (config.beta_1, config.beta_2) == (0.5, 0.999)
    assert config.generator_learning_rate == 2e-4
    assert config.discriminator_learning_rate == 2e-4
    assert (config.image_size, config.epochs) == ("64", 25)


def test_wgan_gp_is_the_papers_setting():
    """Gulrajani et al., 2017: table 5 and the text of section 5.2."""
    config = config_of("gan", "wgan_gp")
    assert config.discriminator_steps == 5
    assert (config.penalty, config.penalty_weight) == ("gradient", 10)
    assert (config.beta_1, config.beta_2) == (0, 0.9)
    assert not config.spectral_norm
    # 100,000 steps of the generator on the 50,000 pictures of CIFAR-10.
    steps_per_epoch = 50_000 // (config.batch_size * config.discriminator_steps)
    assert 99_900 < config.epochs * steps_per_epoch < 100_100
    assert config.flat_epochs == 0


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UsageError) as error:
        recipes.read("cyclegan", "quikstart")
    assert str(error.value) == (
        "--recipe must be one of horse2zebra, maps, mobile, mobile_quickstart, "
        "quickstart, or list. "
        "Received: quikstart. Did you mean quickstart?"
    )
