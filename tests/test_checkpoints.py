import json
import os
import resource
import shutil

import keras
import numpy as np
import pytest

from keras_gans import checkpoints


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model


@pytest.fixture
def three(model, tmp_path):
    """A folder into which the checkpoints of steps 1, 2 and 3 were written."""
    for step in (1, 2, 3):
        checkpoints.write(tmp_path, model, step, {"step was": step})
    return tmp_path


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_newest_is_the_last_one_written(three, model):
    checkpoint = checkpoints.newest(three)
    assert checkpoint.step == 3
    assert checkpoint.state == {"step was": 3}
    assert checkpoint.skipped == []
    revived = keras.saving.load_model(checkpoint.model_path)
    np.testing.assert_array_equal(
        revived.optimizer.variables[-1], model.optimizer.variables[-1]
    )


def test_two_are_kept_and_nothing_else(three):
    names = sorted(path.name for path in three.iterdir())
    assert names == ["step_00000002", "step_00000003"]


@pytest.mark.parametrize("name", ["model.keras", "state.json"])
def test_changed_bytes_are_named_and_the_older_one_is_used(three, name):
    flip_a_bit(three / "step_00000003" / name)
    checkpoint = checkpoints.newest(three)
    assert checkpoint.step == 2
    assert checkpoint.skipped == [
        f"checkpoint {three / 'step_00000003'} is damaged: {name} has other "
        "bytes than when it was written"
    ]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda path: (path / "model.keras").unlink(), "No such file"),
        (
            lambda path: os.truncate(path / "model.keras", 100),
            "model.keras has another size than when it was written",
        ),
        (
            lambda path: (path / "manifest.json").write_text("{"),
            "its manifest.json cannot be read",
        ),
        (
            lambda path: (path / "manifest.json").write_bytes(b"\xff\x00"),
            "its manifest.json cannot be read",
        ),
        (
            lambda path: (path / "manifest.json").write_text("[]"),
            "its manifest.json cannot be read",
        ),
        (
            lambda path: shutil.copy(
                path.parent / "step_00000002" / "manifest.json", path
            ),
            "its manifest is of another step",
        ),
        (
            lambda path: (path / "manifest.json").write_text(
                json.dumps({"version": 1, "step": 3, "files": {}})
            ),
            "its manifest lists too few files",
        ),
        (
            lambda path: (path / "manifest.json").write_text(
                json.dumps({"version": 9, "step": 3, "files": {}})
            ),
            "its format is version 9, this package reads version 1",
        ),
    ],
    ids=[
        "file gone",
        "file cut",
        "manifest cut",
        "manifest not text",
        "manifest of another shape",
        "manifest of another step",
        "manifest without files",
        "newer format",
    ],
)
def test_every_damage_is_found(three, harm, message):
    harm(three / "step_00000003")
    checkpoint = checkpoints.newest(three)
    assert checkpoint.step == 2
    assert message in checkpoint.skipped[0]


def test_a_thousand_changed_bytes_are_never_loaded(three):
    # Each try changes one byte of one file of the newest checkpoint.
    rng = np.random.default_rng(0)
    files = sorted((three / "step_00000003").iterdir())
    contents = {path: path.read_bytes() for path in files}
    for _ in range(1000):
        path = files[rng.integers(len(files))]
        changed = bytearray(contents[path])
        position = rng.integers(len(changed))
        changed[position] ^= rng.integers(1, 256)
        path.write_bytes(changed)
        checkpoint = checkpoints.newest(three)
        # Blanks of the manifest may change without changing what it says.
        intact = path.name == "manifest.json" and checkpoint.step == 3
        assert checkpoint.step == 2 or intact
        path.write_bytes(contents[path])


def test_all_damaged_is_an_error_that_names_them(three):
    for path in three.iterdir():
        flip_a_bit(path / "model.keras")
    with pytest.raises(checkpoints.CheckpointError) as error:
        checkpoints.newest(three)
    assert str(three / "step_00000002") in str(error.value)
    assert str(three / "step_00000003") in str(error.value)


def test_none_is_an_error(tmp_path):
    assert not checkpoints.exist(tmp_path)
    message = f"^There is no checkpoint in {tmp_path}. One is written at the"
    with pytest.raises(checkpoints.CheckpointError, match=message):
        checkpoints.newest(tmp_path)


def test_litter_of_a_killed_writer_is_removed(three, model):
    litter = three / ".unfinished-step_00000004"
    litter.mkdir()
    (litter / "model.keras").write_bytes(b"half")
    assert checkpoints.newest(three).step == 3
    checkpoints.write(three, model, 4, {})
    assert not litter.exists()


def test_a_damaged_checkpoint_of_the_same_step_is_replaced(three, model):
    flip_a_bit(three / "step_00000003" / "model.keras")
    checkpoints.write(three, model, 3, {})
    assert checkpoints.newest(three).step == 3


def test_non_finite_weights_are_not_written(three):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.layers[0].kernel.assign([[np.nan]])
    with pytest.raises(
        checkpoints.CheckpointError, match="kernel` are not finite"
    ):
        checkpoints.write(three, model, 4, {})
    assert checkpoints.newest(three).step == 3


@pytest.mark.parametrize("limit", [0, 100, 5_000, 12_000, 20_000])
def test_a_disk_that_refuses_leaves_the_older_one(three, model, limit):
    # A limit on file sizes fails a write as a full disk does, without root.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match="step 4 could not be written"):
            checkpoints.write(three, model, 4, {"padding": "x" * 30_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert checkpoints.newest(three).step == 3
    assert not list(three.glob(".unfinished*"))


def record(step):
    return {"best": {"step": step}}


def test_the_best_stays_until_another_one_is(model, tmp_path):
    for step, best_step in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 5), (6, 5)):
        checkpoints.write(tmp_path, model, step, record(best_step))
        assert checkpoints.best(tmp_path).step == best_step
        assert checkpoints.newest(tmp_path).step == step
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["step_00000005", "step_00000006"]


def test_the_best_stays_beside_the_newest_two(model, tmp_path):
    for step in range(1, 6):
        checkpoints.write(tmp_path, model, step, record(2 if step > 1 else 1))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["step_00000002", "step_00000004", "step_00000005"]


def test_no_best_is_an_error(three):
    message = f"^No checkpoint in {three} was chosen as the best. Train with"
    with pytest.raises(checkpoints.CheckpointError, match=message):
        checkpoints.best(three)


def test_a_damaged_best_is_an_error_not_another_one(model, tmp_path):
    for step in (1, 2):
        checkpoints.write(tmp_path, model, step, record(1))
    flip_a_bit(tmp_path / "step_00000001" / "model.keras")
    with pytest.raises(
        checkpoints.CheckpointError, match="step_00000001 is damaged: model.ke"
    ):
        checkpoints.best(tmp_path)


def test_a_step_is_found_or_those_that_are_there_are_named(three):
    assert checkpoints.of_step(three, 2).state == {"step was": 2}
    with pytest.raises(checkpoints.CheckpointError) as error:
        checkpoints.of_step(three, 1)
    assert str(error.value) == (
        f"There is no checkpoint of step 1 in {three}. There are: "
        "step_00000002, step_00000003."
    )
