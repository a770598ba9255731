"""Runs that were killed and gone on with equal those that were not."""

import pytest

from tests.trainers import processes
from tests.trainers.processes import differing

CASES = [
    "autoencoder variational",
    pytest.param("autoencoder denoising", marks=pytest.mark.slow),
    "pix2pix",
    pytest.param("conditional_gan", marks=pytest.mark.slow),
    pytest.param("gan", marks=pytest.mark.slow),
    pytest.param("gan of points", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=CASES)
def case(
    request,
    tiny_autoencoder_flags,
    tiny_image_flags,
    tiny_mixture_flags,
    tiny_pair_flags,
    tmp_path_factory,
):
    """Trainer, its flags, and the state of a run that nobody killed."""
    trainer = request.param.split()[0]
    flags = tiny_image_flags
    if "points" in request.param:
        flags = tiny_mixture_flags
    elif trainer == "pix2pix":
        flags = tiny_pair_flags
    elif trainer == "autoencoder":
        kind = request.param.split()[1]
        flags = [*tiny_autoencoder_flags, f"--model={kind}"]
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    return trainer, flags, processes.finish(trainer, "never", flags, run_dir)


def test_the_state_holds_all_that_training_changes(case):
    trainer, flags, (arrays, history) = case
    names = " ".join(arrays)
    parts = ["generator_optimizer/", "discriminator_optimizer/", "seed_state_0"]
    if trainer == "autoencoder":
        # Of the noise in the pictures, or in the code.
        parts = ["encoder/", "decoder/", "optimizer/", "seed_state_0"]
    elif "--dropout=0.2" in flags:
        # Of the noise, and of each dropout layer.
        parts += ["average_generator/", "seed_state_2"]
    elif trainer == "pix2pix":
        # Of each dropout layer, and batch norms of both networks.
        parts += ["seed_state_1", "seed_state_2", "discriminator/"]
    for part in parts:
        assert part in names
    assert len(history.splitlines()) == 1 + 4


@pytest.mark.parametrize(
    "point",
    # The writer is the same for all; `test_resume` kills it at each line.
    ["step:10", pytest.param("write:6", marks=pytest.mark.exhaustive)],
)
def test_killed_and_resumed_equals_uninterrupted(point, case, tmp_path):
    trainer, flags, uninterrupted = case
    resumed = processes.kill_and_finish(trainer, point, flags, tmp_path / "run")
    assert differing(resumed, uninterrupted) == []


@pytest.mark.slow
def test_forgetting_the_seeds_is_noticed(case, tmp_path):
    # The negative control: what the test above must be able to see.
    trainer, flags, uninterrupted = case
    flags = [*flags, "--checkpoint_steps=2"]
    processes.run(trainer, "step:10", flags, tmp_path / "run")
    resumed = processes.finish(trainer, "unseeded", flags, tmp_path / "run")
    assert "vars/seed_state_0" in differing(resumed, uninterrupted)
    network = "encoder/" if trainer == "autoencoder" else "generator/"
    assert any(network in n for n in differing(resumed, uninterrupted))


def test_the_history_has_the_figures_of_the_instruments(case):
    """Alarms too, which are a function of the history."""
    trainer, flags, (_, history) = case
    figures = history.splitlines()[0].split(",")
    if "mixture:" in flags[0]:
        expected = {"answer_deviation", "modes_found", "good_share"}
    elif trainer == "autoencoder":
        expected = {"val_mse", "reconstruction_loss"}
    elif trainer == "pix2pix":
        expected = {"l1_loss", "real_probability"}
    elif trainer == "gan":
        expected = {"sample_diversity", "classes_found", "copied_share"}
    else:
        expected = {"sample_diversity", "label_accuracy", "copied_share"}
    assert expected <= set(figures)
