"""What every two-player model shares, tested on a small CycleGAN."""

import json
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.losses import adversarial as losses
from keras_gans.models import CycleGAN, base
from keras_gans.models.adversarial import AdversarialModel, paper_adam
from keras_gans.optimizers import FlatThenLinear
from tests.models import tiny

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def model():
    """For tests that compile it anew, or do not train it."""
    return tiny.cyclegan()


def test_base_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        AdversarialModel()


def test_paper_adam():
    optimizer = paper_adam()
    assert isinstance(optimizer, keras.optimizers.Adam)
    np.testing.assert_allclose(float(optimizer.learning_rate), 2e-4)
    config = optimizer.get_config()
    assert (config["beta_1"], config["beta_2"]) == (0.5, 0.999)
    assert config["epsilon"] == 1e-8  # Keras's default is 1e-7.
    np.testing.assert_allclose(float(paper_adam(0.1).learning_rate), 0.1)


def test_compile_defaults_to_the_papers_adam(model):
    model.compile()
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        config = optimizer.get_config()
        del config["name"]
        expected = paper_adam().get_config()
        del expected["name"]
        assert config == expected
    assert model.generator_optimizer is not model.discriminator_optimizer
    assert model.optimizer is None


def test_optimizers_are_built_for_their_players(model):
    model.compile()
    for optimizer, variables in (
        (model.generator_optimizer, model.generator_variables),
        (model.discriminator_optimizer, model.discriminator_variables),
    ):
        # Two averages per variable, the step count and the rate.
        assert len(optimizer.variables) == 2 * len(variables) + 2
        assert optimizer._trainable_variables == variables


def test_compile_takes_names_and_configs(model):
    model.compile(
        "rmsprop",
        {"class_name": "SGD", "config": {"learning_rate": 0.5}},
        "hinge",
    )
    assert type(model.generator_optimizer) is keras.optimizers.RMSprop
    assert type(model.discriminator_optimizer) is keras.optimizers.SGD
    assert float(model.discriminator_optimizer.learning_rate) == 0.5
    assert type(model.generator_loss) is losses.HingeGeneratorLoss
    assert type(model.discriminator_loss) is losses.HingeDiscriminatorLoss


def test_compile_takes_a_pair_of_losses(model):
    generator_loss = losses.HingeGeneratorLoss()
    discriminator_loss = losses.LeastSquaresDiscriminatorLoss()
    model.compile(adversarial_loss=(generator_loss, discriminator_loss))
    assert model.generator_loss is generator_loss
    assert model.discriminator_loss is discriminator_loss


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"discriminator_loss_weight": 0},
            "`discriminator_loss_weight` must be > 0. "
            "Received: discriminator_loss_weight=0.",
        ),
        (
            {"discriminator_loss_weight": -0.5},
            "`discriminator_loss_weight` must be > 0. "
            "Received: discriminator_loss_weight=-0.5.",
        ),
        (
            {"adversarial_loss": "lsgan"},
            "`adversarial_loss` must be one of ['hinge', 'least_squares', "
            "'minimax', 'non_saturating', 'relativistic_average', "
            "'wasserstein'] or a pair of `keras.losses.Loss` (generator's, "
            "discriminator's). Received: adversarial_loss='lsgan'.",
        ),
    ],
    ids=["zero", "negative", "name"],
)
def test_compile_checks_its_arguments(model, arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.compile(**arguments)


def test_unknown_optimizer_is_refused(model):
    with pytest.raises(ValueError, match="adma"):
        model.compile("adma")


def test_compile_config_round_trip():
    model = tiny.cyclegan(
        generator_optimizer=keras.optimizers.Adam(
            FlatThenLinear(0.1, 5, 2, 3), beta_1=0.25
        ),
        discriminator_optimizer="sgd",
        adversarial_loss=(
            losses.HingeGeneratorLoss(name="mine"),
            losses.NonSaturatingDiscriminatorLoss(),
        ),
        discriminator_loss_weight=0.75,
        lambda_cycle=(3.0, 4.0),
        lambda_identity=0.25,
        steps_per_execution=2,
        run_eagerly=False,
    )
    config = json.loads(json.dumps(model.get_compile_config()))
    other = tiny.cyclegan(seed=1)
    other.compile_from_config(config)
    assert other.get_compile_config() == model.get_compile_config()
    assert other.generator_loss.name == "mine"
    assert type(other.discriminator_loss) is (
        losses.NonSaturatingDiscriminatorLoss
    )
    schedule = other.generator_optimizer._learning_rate
    assert schedule.get_config() == FlatThenLinear(0.1, 5, 2, 3).get_config()
    assert other.discriminator_loss_weight == 0.75
    assert (other.lambda_cycle_a, other.lambda_cycle_b) == (3.0, 4.0)
    assert other.lambda_identity == 0.25
    assert other.steps_per_execution == 2
    assert other.run_eagerly is False


def test_logs_are_exactly_the_trackers():
    model = tiny.cyclegan()
    history = model.fit(
        tiny.dataset(2),
        validation_data=tiny.dataset(1),
        shuffle=False,
        verbose=0,
    ).history
    assert set(history) == tiny.LOGS | {f"val_{name}" for name in tiny.LOGS}


def test_history_is_the_mean_over_the_batches():
    # At a learning rate of 0 the batches do not depend on each other.
    model = tiny.cyclegan(
        generator_optimizer=keras.optimizers.SGD(0.0),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        pool_size=0,
    )
    batches = [
        model.evaluate(*tiny.pair(2, seed), verbose=0, return_dict=True)
        for seed in (0, 1)
    ]
    both = tf.data.Dataset.from_tensor_slices(
        tuple(map(np.concatenate, zip(tiny.pair(2, 0), tiny.pair(2, 1))))
    ).batch(2)
    history = model.fit(both, shuffle=False, verbose=0).history
    for name in tiny.LOGS:
        assert batches[0][name] != batches[1][name]
        np.testing.assert_allclose(
            history[name], [np.mean([b[name] for b in batches])], rtol=1e-5
        )


def test_probabilities_are_sigmoids_but_for_least_squares():
    model = tiny.cyclegan()
    logits = tf.constant([[-1.0, 0.5], [0.25, 3.0]])
    # clip to [0, 1]: (0 + 0.5 + 0.25 + 1) / 4
    answers = model._probabilities(logits, logits)
    np.testing.assert_allclose(answers["real_probability"], 0.4375)
    model.compile(adversarial_loss="non_saturating")
    # 1 / (1 + e^-x): 0.268941, 0.622459, 0.562177, 0.952574
    answers = model._probabilities(logits, logits)
    np.testing.assert_allclose(answers["fake_probability"], 0.601538, atol=1e-6)


class Square:
    """A loss w^2 + v^2 with the gradients 2 w and 2 v, for `_take_turn`."""

    def __init__(self, first=3.0, second=-1.0):
        self.variables = [keras.Variable([first]), keras.Variable([second])]

    def update(self, model, optimizer, spoil=0.0):
        optimizer.build(self.variables)

        def objective():
            loss = sum(tf.reduce_sum(v * v) for v in self.variables)
            # The gradient of the first becomes not finite, not the second's.
            loss += spoil * tf.reduce_sum(self.variables[0] * 1.0)
            return loss, {}

        loss, _ = model._take_turn(objective, [()], optimizer, self.variables)
        return float(loss), [float(v.value[0]) for v in self.variables]


def test_update_steps_down_the_gradient(model):
    loss, values = Square().update(model, keras.optimizers.SGD(0.25))
    assert loss == 10.0
    np.testing.assert_allclose(values, [3 - 0.25 * 6, -1 + 0.25 * 2])


@pytest.mark.parametrize("spoil", [float("nan"), float("inf")])
def test_update_guards_the_weights(model, spoil):
    loss, values = Square().update(model, keras.optimizers.SGD(0.25), spoil)
    assert np.isnan(loss)
    assert values == [3.0, -1.0]


def test_update_with_loss_scaling(model):
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.25))
    loss, values = Square().update(model, optimizer)
    assert loss == 10.0  # Logged unscaled.
    np.testing.assert_allclose(values, [1.5, -0.5])


def test_update_with_loss_scaling_skips_overflows(model):
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.25), initial_scale=1024.0
    )
    _, values = Square().update(model, optimizer, float("inf"))
    assert values == [3.0, -1.0]
    assert float(optimizer.dynamic_scale) == 512.0


def nan_dataset():
    images_a, images_b = tiny.pair(6)
    images_a[2:4, 0, 0, 0] = np.nan  # The second of three batches.
    return tf.data.Dataset.from_tensor_slices((images_a, images_b)).batch(2)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_nan_batch_leaves_the_weights_finite(policy, precision):
    policy(precision)
    model = tiny.cyclegan(pool_size=0)
    history = model.fit(nan_dataset(), shuffle=False, verbose=0).history
    assert tiny.all_finite(model)
    assert np.isnan(history["generator_loss"][0])
    assert np.isnan(history["discriminator_loss"][0])
    again = model.fit(tiny.dataset(2), shuffle=False, verbose=0).history
    assert np.all(np.isfinite(list(again.values())))


def test_nan_batch_does_not_stay_in_the_pool():
    model = tiny.cyclegan(pool_size=6)
    model.fit(nan_dataset(), shuffle=False, verbose=0)
    assert tiny.all_finite(model)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(policy, precision):
    policy(precision)
    model = tiny.cyclegan(run_eagerly=False)
    assert model.generator_ab.layers[1].compute_dtype in precision
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    for optimizer in optimizers:
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (precision == "mixed_float16")
    history = []
    names = tiny.moved(
        model,
        lambda: history.append(
            model.fit(
                tiny.dataset(3), epochs=2, shuffle=False, verbose=0
            ).history
        ),
    )
    assert names == set(tiny.networks_of(model))
    assert np.all(np.isfinite(list(history[0].values())))
    assert tiny.all_finite(model)
    assert {v.dtype for v in model.trainable_variables} == {"float32"}


def test_a_loss_scale_optimizer_is_not_wrapped_twice(policy):
    policy("mixed_float16")
    mine = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    model = tiny.cyclegan(generator_optimizer=mine)
    assert model.generator_optimizer is mine


def test_loss_scaling_survives_saving(policy, tmp_path):
    policy("mixed_float16")
    model = tiny.cyclegan()
    model.fit(tiny.dataset(2), shuffle=False, verbose=0)
    model.generator_optimizer.dynamic_scale.assign(64.0)
    model.save(tmp_path / "model.keras")
    policy("float32")  # The file knows its own precision.
    revived = keras.saving.load_model(tmp_path / "model.keras")
    assert float(revived.generator_optimizer.dynamic_scale) == 64.0
    tiny.assert_same_state(revived, model)


def test_jit_compile_equals_no_jit():
    trained = []
    for jit_compile in (False, True):
        model = tiny.cyclegan(
            generator_optimizer=keras.optimizers.SGD(0.01),
            discriminator_optimizer=keras.optimizers.SGD(0.01),
            run_eagerly=False,
            jit_compile=jit_compile,
            lambda_identity=0,  # A third less to compile.
            pool_size=4,  # Filling for both steps: XLA draws other numbers.
        )
        model.fit(tiny.dataset(2), shuffle=False, verbose=0)
        trained.append(tiny.arrays(model.weights))
    for plain, jitted in zip(*trained):
        np.testing.assert_allclose(jitted, plain, atol=1e-5)


def test_graph_and_steps_per_execution_equal_eager():
    trained = []
    for arguments in (
        {"run_eagerly": True},
        {"run_eagerly": False, "steps_per_execution": 2},
    ):
        model = tiny.cyclegan(
            generator_optimizer=keras.optimizers.SGD(0.01),
            discriminator_optimizer=keras.optimizers.SGD(0.01),
            **arguments,
        )
        model.fit(tiny.dataset(4), shuffle=False, verbose=0)
        assert int(model.generator_optimizer.iterations) == 4
        trained.append(tiny.state(model))
    for eager, graph in zip(*trained):
        np.testing.assert_allclose(graph, eager, atol=1e-5)


def train_in_two_parts(tmp_path, how):
    """2 steps, a file, and 2 steps by another model, born with another seed."""
    first = tiny.cyclegan(dropout=0.3)
    data = tiny.dataset(4)
    first.fit(data.take(2), shuffle=False, verbose=0)
    if how == "keras":
        first.save(tmp_path / "half.keras")
        keras.utils.set_random_seed(99)
        second = keras.saving.load_model(tmp_path / "half.keras")
        second.run_eagerly = True
    else:
        first.save_weights(tmp_path / "half.weights.h5")
        second = tiny.cyclegan(seed=99, dropout=0.3)
        second.load_weights(tmp_path / "half.weights.h5")
    tiny.assert_same_state(second, first)
    second.fit(data.skip(2), shuffle=False, verbose=0)
    return second


@pytest.fixture(scope="module")
def uninterrupted():
    model = tiny.cyclegan(dropout=0.3)
    model.fit(tiny.dataset(4), shuffle=False, verbose=0)
    # The pool of 2 is full after the first of the 4 batches of 2.
    assert int(model.pool_a.num_images) == 2
    return model


def test_training_is_repeatable(uninterrupted):
    model = tiny.cyclegan(dropout=0.3)
    model.fit(tiny.dataset(4), shuffle=False, verbose=0)
    tiny.assert_same_state(model, uninterrupted)


@pytest.mark.parametrize("how", ["keras", "weights"])
def test_resumed_equals_uninterrupted(uninterrupted, tmp_path, how):
    resumed = train_in_two_parts(tmp_path, how)
    tiny.assert_same_state(resumed, uninterrupted)


@pytest.mark.parametrize("how", ["keras", "weights"])
def test_resume_check_notices_lost_seeds(
    uninterrupted, tmp_path, how, monkeypatch
):
    monkeypatch.setattr(
        AdversarialModel, "load_own_variables", lambda self, store: None
    )
    with pytest.raises(AssertionError, match="not equal"):
        tiny.assert_same_state(train_in_two_parts(tmp_path, how), uninterrupted)


def test_all_seed_states_are_found():
    # Two pools, and a dropout in each of four networks.
    model = tiny.cyclegan(dropout=0.3)
    assert count_saved_seeds(model) == 6
    assert count_saved_seeds(tiny.cyclegan()) == 2


def count_saved_seeds(model):
    store = {}
    model.save_own_variables(store)
    return sum(name.startswith("seed_state") for name in store)


def test_running_logs_are_saved(tmp_path):
    # A run that is cut in the middle of an epoch knows the epoch's first half.
    model = tiny.cyclegan()
    model.fit(tiny.dataset(3), shuffle=False, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    other = tiny.cyclegan(seed=1)
    other.load_weights(tmp_path / "model.weights.h5")
    assert other.get_metrics_result() == model.get_metrics_result()
    for metric in other.metrics:
        assert float(metric.count) == 3


def test_without_non_finite():
    gradients = [tf.constant([1.0, 2.0]), tf.constant([[3.0]])]
    kept, loss = base._without_non_finite(gradients, tf.constant(4.0))
    np.testing.assert_array_equal(kept[0], [1.0, 2.0])
    np.testing.assert_array_equal(kept[1], [[3.0]])
    assert float(loss) == 4.0
    # One bad number in one gradient, or in the loss, voids the whole turn.
    for bad_gradients, bad_loss in (
        ([tf.constant([1.0, np.inf]), gradients[1]], 4.0),
        (gradients, np.nan),
    ):
        voided, loss = base._without_non_finite(
            bad_gradients, tf.constant(bad_loss)
        )
        np.testing.assert_array_equal(voided[0], [0.0, 0.0])
        np.testing.assert_array_equal(voided[1], [[0.0]])
        assert np.isnan(loss)


def test_without_non_finite_in_bfloat16():
    gradients = [tf.constant([1.5, np.nan], "bfloat16")]
    voided, loss = base._without_non_finite(gradients, tf.constant(4.0))
    assert voided[0].dtype == "bfloat16"
    np.testing.assert_array_equal(tf.cast(voided[0], "float32"), [0.0, 0.0])
    assert np.isnan(loss)


def test_one_optimizer_for_both_players_is_refused():
    optimizer = keras.optimizers.Adam()
    message = (
        "`generator_optimizer` and `discriminator_optimizer` must be two "
        "objects: each keeps moments of its own variables."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.cyclegan(
            generator_optimizer=optimizer, discriminator_optimizer=optimizer
        )


def test_a_weight_without_gradient_is_named():
    model = tiny.cyclegan()
    weight = keras.Variable([1.0], name="idle")

    def objective(images):
        return tf.reduce_sum(model.generator_ab(images)), {}

    message = "^No gradient reaches the weight `idle`: it has no influence on"
    with pytest.raises(ValueError, match=message):
        model._take_turn(
            objective, [(tiny.images(),)], model.generator_optimizer, [weight]
        )


def test_half_precision_networks_are_scaled_under_any_policy(policy):
    policy("mixed_float16")
    networks = [tiny.generator(), tiny.generator()]
    networks += [tiny.discriminator(), tiny.discriminator()]
    policy("float32")
    model = CycleGAN(*networks, pool_size=0)
    model.compile()
    assert isinstance(
        model.generator_optimizer, keras.optimizers.LossScaleOptimizer
    )


def test_real_logits_are_computed_for_losses_that_need_them():
    class Relativistic(keras.losses.Loss):
        def call(self, real_logits, fake_logits):
            return tf.reduce_mean(fake_logits - real_logits, axis=(1, 2, 3))

    real_a, real_b = tiny.pair()
    pair = Relativistic(), Relativistic()
    model = tiny.cyclegan(
        adversarial_loss=pair, lambda_cycle=0, lambda_identity=0
    )
    loss = model._generators_objective(real_a, real_b, training=True)[0]
    expected = 0.0
    for discriminator, generator, source, target in (
        (model.discriminator_b, model.generator_ab, real_a, real_b),
        (model.discriminator_a, model.generator_ba, real_b, real_a),
    ):
        answers = discriminator(generator(source)) - discriminator(target)
        expected += float(tf.reduce_mean(answers))
    np.testing.assert_allclose(loss, expected, atol=1e-6)
