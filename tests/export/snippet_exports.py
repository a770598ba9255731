"""Tiny exports of every role, with their programs beside them."""

import dataclasses
import pathlib

import keras
import numpy as np

import keras_gans
from export import exporter, model_card
from export.records import ExportRequest
from export.signature import name_of
from tests.export import conftest
from tests.networks import gan_pairs

# Neither square nor grey, so that no axis passes for another.
COLOUR, GREY = (16, 24, 3), (8, 12, 1)
LATENT_DIM, CODE_DIM, NUM_CLASSES = 5, 3, 4


@dataclasses.dataclass
class Case:
    """One network and the folder of its export.

    Args:
        network: Built `keras.Model`.
        folder: Path of the export.
        prior: Name of the distribution of its codes, or `None`.
    """

    network: keras.Model
    folder: pathlib.Path
    prior: str | None = None

    @property
    def snippets(self):
        return self.folder / model_card.SNIPPETS_NAME

    def answer(self, **inputs):
        """Keras's answer to one input, without the batch."""
        if len(inputs) == 1:
            (inputs,) = inputs.values()
        return self.network.predict(inputs, verbose=0)[0]


def networks():
    """Networks with weights as after some training, by role."""
    keras.utils.set_random_seed(3)
    made = {
        "generator_ab": conftest.build_generator(seed=3, shape=COLOUR),
        "generator": keras_gans.build_mlp_generator(LATENT_DIM, COLOUR, (9,)),
        "conditional": keras_gans.build_mlp_generator(
            LATENT_DIM, GREY, (9,), NUM_CLASSES
        ),
        "encoder": keras_gans.build_dense_encoder(GREY, CODE_DIM, (8,)),
        "decoder": keras_gans.build_dense_decoder(CODE_DIM, GREY, (8,), "tanh"),
    }
    for network in made.values():
        gan_pairs.shake(network)
    return made


def inputs_of(network, role):
    """Three inputs of the network, by name."""
    rng = np.random.default_rng(4)

    def draw(name, shape):
        if name == "labels":
            return np.arange(3, dtype="int32")
        return rng.uniform(-1, 1, (3, *shape)).astype("float32")

    specs = network.input
    if not isinstance(specs, dict):
        shape = tuple(specs.shape[1:])
        specs = {"codes" if role == "decoder" else name_of(shape): specs}
    return {k: draw(k, tuple(v.shape[1:])) for k, v in specs.items()}


def export_all(parent):
    """Exports every network under a folder; returns `Case`s by name."""
    cases, requests = {}, []
    for name, network in networks().items():
        case = Case(network, parent / name)
        if name == "decoder":
            case.prior = "standard normal"
        cases[name] = case
        requests.append(
            ExportRequest(
                network,
                inputs_of(network, name),
                case.folder,
                name,
                step=7,
                num_classes=NUM_CLASSES if name == "conditional" else None,
                prior=case.prior,
            )
        )
    results = exporter.export_networks(requests, ["float32"])
    assert all(result.ok for result in results), results
    return cases
