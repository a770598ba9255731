"""Where the flags of a run depart from the setting of its paper."""

import dataclasses

from trainers import config as config_lib
from trainers import recipes

# What a run is called, how it is stored and shown, and on what it computes:
# none of it changes what is trained.
_HOUSEKEEPING = {
    "run_dir",
    "new",
    "reproducible",
    "jit_compile",
    "steps_per_execution",
    "strategy",
    "num_replicas",
    "worker_timeout",
    "checkpoint_steps",
    "cache",
    "cache_dir",
    "sample_epochs",
    "evaluate_epochs",
    "best_metric",
    "profile_steps",
    "export",
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting that a run is held beside.

    Attributes:
        name: String, what the column is called.
        source: String, whose setting that is.
        recipe: Name of the trainer's recipe that holds it, or `None` for the
            trainer's defaults.
    """

    name: str
    source: str
    recipe: str | None = None


@dataclasses.dataclass(frozen=True)
class Flag:
    """A flag of a run, beside its value in a setting."""

    name: str
    value: object
    other: object
    help: str

    @property
    def departs(self):
        return self.value != self.other


_SETTINGS = {
    "cyclegan": Setting(
        "paper",
        "Zhu et al., 2017 (arXiv:1703.10593), horses to zebras at 256x256",
        "horse2zebra",
    ),
    "pix2pix": Setting(
        "paper",
        "Isola et al., 2017 (arXiv:1611.07004), labels to facades at 256x256",
        "facades",
    ),
    "conditional_gan": Setting(
        "default",
        "the trainer's defaults: the labels of Mirza & Osindero, 2014 "
        "(arXiv:1411.1784), in the networks of Radford et al., 2016 "
        "(arXiv:1511.06434)",
    ),
    "autoencoder": Setting(
        "default",
        "the trainer's defaults: its kinds come from several papers, with "
        "networks of their own",
    ),
}
_DCGAN = Setting(
    "paper",
    "Radford et al., 2016 (arXiv:1511.06434), faces at 64x64",
    "dcgan_64",
)
_WGAN_GP = Setting(
    "paper",
    "Gulrajani et al., 2017 (arXiv:1704.00028), CIFAR-10 at 32x32",
    "wgan_gp",
)
_POINTS = Setting("default", "the trainer's defaults: points have no paper")
_OWN = Setting("default", "the trainer's defaults")


def setting_of(trainer, config):
    """Returns the `Setting` that a run is to be held beside."""
    if trainer != "gan":
        return _SETTINGS.get(trainer, _OWN)
    if config.data.startswith("mixture:"):
        return _POINTS
    if config.adversarial_loss == "wasserstein" and config.penalty == (
        "gradient"
    ):
        return _WGAN_GP
    return _DCGAN


def compare(trainer, config, setting):
    """Returns a list of `Flag`, of all that shapes what is trained.

    Papers name no seed.
    """
    words = (
        []
        if setting.recipe is None
        else recipes.arguments(trainer, setting.recipe)
    )
    given = config_lib.parse(type(config), words)
    fields = {field.name: field for field in dataclasses.fields(config)}
    return [
        Flag(
            field.name,
            getattr(config, field.name),
            given.get(field.name, field.default),
            field.metadata["help"],
        )
        for field in map(fields.get, names_of(config))
        if field.name != "seed"
    ]


def names_of(config):
    """Names of the flags that decide what is trained, in order."""
    return [
        field.name
        for field in dataclasses.fields(config)
        if field.name not in _HOUSEKEEPING
    ]
