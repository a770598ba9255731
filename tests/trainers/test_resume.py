"""A run that was killed and gone on with equals one that was not, bit for bit.

For CycleGAN, also at every line of the checkpoint writer, which all trainers
share.
"""

import random
import signal
import time

import pytest

from keras_gans import checkpoints
from tests.trainers import processes
from tests.trainers.processes import differing

TRAINER = "cyclegan"


@pytest.fixture(scope="module")
def uninterrupted(tiny_flags, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    return processes.finish(TRAINER, "never", tiny_flags, run_dir)


def test_the_state_holds_all_that_training_changes(uninterrupted):
    arrays, history = uninterrupted
    names = " ".join(arrays)
    for part in (
        "generator_ab/",
        "generator_ba/",
        "discriminator_a/",
        "discriminator_b/",
        "generator_optimizer/",
        "discriminator_optimizer/",
        "image_pool/",
        "image_pool_1/",
        "seed_state_0",
        "seed_state_1",
    ):
        assert part in names
    assert len(history.splitlines()) == 1 + 4


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("step:16", id="middle of epoch 3"),
        pytest.param(
            "write:6", id="in the middle of writing", marks=pytest.mark.slow
        ),
        pytest.param("step:13", id="after epoch 2", marks=pytest.mark.slow),
    ],
)
def test_killed_and_resumed_equals_uninterrupted(
    point, uninterrupted, tiny_flags, tmp_path
):
    resumed = processes.kill_and_finish(
        TRAINER, point, tiny_flags, tmp_path / "run"
    )
    assert differing(resumed, uninterrupted) == []


@pytest.mark.slow
def test_forgetting_the_seeds_is_noticed(uninterrupted, tiny_flags, tmp_path):
    # The negative control: what the test above must be able to see.
    flags = [*tiny_flags, "--checkpoint_steps=2"]
    processes.run(TRAINER, "step:16", flags, tmp_path / "run")
    resumed = processes.finish(TRAINER, "unseeded", flags, tmp_path / "run")
    assert "vars/seed_state_0" in differing(resumed, uninterrupted)
    assert any("generator_ab/" in n for n in differing(resumed, uninterrupted))


def test_sigterm_saves_at_its_step_and_the_run_goes_on(
    uninterrupted, tiny_flags, tmp_path
):
    flags = [*tiny_flags, "--checkpoint_steps=1000"]
    process = processes.start(TRAINER, "never", flags, tmp_path / "run")
    for line in process.stdout:
        if "Epoch 2/4" in line:
            process.send_signal(signal.SIGTERM)
            break
    output = process.communicate()[0]
    assert process.returncode == 75, output
    assert "stopped by SIGTERM at step" in output
    assert checkpoints.newest(tmp_path / "run" / "checkpoints").step >= 6
    resumed = processes.finish(TRAINER, "never", flags, tmp_path / "run")
    assert differing(resumed, uninterrupted) == []


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(3))
def test_a_fresh_process_gives_equal_bits(
    attempt, uninterrupted, tiny_flags, tmp_path
):
    """Four with the one above: two that are equal can be so by chance."""
    again = processes.finish(TRAINER, "never", tiny_flags, tmp_path / "run")
    assert differing(again, uninterrupted) == []


# One line of the writer each: 3 files and a folder are synchronised, the
# checkpoint renamed, its folder synchronised, an old one hidden and removed.
WRITER_POINTS = [f"fsync:{n}" for n in range(11, 17)]
WRITER_POINTS += ["rename:3", "rename:4", "rename:5", "rmtree:1", "rmtree:2"]
WRITER_POINTS += ["write:1", "write:3"]


@pytest.mark.slow
@pytest.mark.parametrize("point", WRITER_POINTS)
def test_killed_at_a_line_of_the_writer(
    point, uninterrupted, tiny_flags, tmp_path
):
    resumed = processes.kill_and_finish(
        TRAINER, point, tiny_flags, tmp_path / "run"
    )
    assert differing(resumed, uninterrupted) == []


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(
            seed, marks=pytest.mark.slow if seed < 5 else pytest.mark.exhaustive
        )
        for seed in range(20)
    ],
)
def test_killed_at_a_random_moment(seed, uninterrupted, tiny_flags, tmp_path):
    flags = [*tiny_flags, "--checkpoint_steps=1"]
    process = processes.start(TRAINER, "never", flags, tmp_path / "run")
    while not checkpoints.exist(tmp_path / "run" / "checkpoints"):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    # Saving after every step takes most of the time, so most kills hit it.
    time.sleep(random.Random(seed).uniform(0, 8))
    process.kill()
    process.communicate()
    resumed = processes.finish(TRAINER, "never", flags, tmp_path / "run")
    assert differing(resumed, uninterrupted) == []
