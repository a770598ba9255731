import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans import losses as public
from keras_gans.losses import adversarial

REAL = np.array([2.0, 0.5], "float32")
FAKE = np.array([-2.0, 1.0], "float32")
# By hand; softplus(x) = log(1 + e^x):
#   softplus(-2) = 0.126928, softplus(2) = 2.126928, softplus(-0.5) = 0.474077,
#   softplus(1) = 1.313262, softplus(-1) = 0.313262.
# Relative to the other side's mean, -0.5 or 1.25, REAL is 2.5 and 1.0, FAKE is
# -3.25 and -0.25:
#   softplus(-2.5) = 0.078890, softplus(-3.25) = 0.038041,
#   softplus(-0.25) = 0.575939, and softplus(x) = x + softplus(-x).
HAND_WORKED = {
    # (2 - 1)^2 + (-2)^2, (0.5 - 1)^2 + 1^2
    "least_squares_discriminator_loss": [5.0, 1.25],
    # (-2 - 1)^2, (1 - 1)^2
    "least_squares_generator_loss": [9.0, 0.0],
    # softplus(-2) + softplus(-2), softplus(-0.5) + softplus(1)
    "non_saturating_discriminator_loss": [0.253856, 1.787339],
    # softplus(2), softplus(-1)
    "non_saturating_generator_loss": [2.126928, 0.313262],
    # max(0, -1) + max(0, -1), max(0, 0.5) + max(0, 2)
    "hinge_discriminator_loss": [0.0, 2.5],
    # 2, -1
    "hinge_generator_loss": [2.0, -1.0],
    # -softplus(-2), -softplus(1)
    "minimax_generator_loss": [-0.126928, -1.313262],
    # -2 - 2, 1 - 0.5
    "wasserstein_discriminator_loss": [-4.0, 0.5],
    # 2, -1
    "wasserstein_generator_loss": [2.0, -1.0],
    # softplus(-2.5) + softplus(-3.25), softplus(-1) + softplus(-0.25)
    "relativistic_average_discriminator_loss": [0.116931, 0.889201],
    # softplus(2.5) + softplus(3.25), softplus(1) + softplus(0.25)
    "relativistic_average_generator_loss": [5.866931, 2.139201],
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# As the papers write them, on D, in float64: real part and fake part.
FORMULAS = {
    "least_squares_discriminator_loss": (
        lambda real: (real - 1) ** 2,
        lambda fake: fake**2,
    ),
    "least_squares_generator_loss": (None, lambda fake: (fake - 1) ** 2),
    "non_saturating_discriminator_loss": (
        lambda real: -np.log(sigmoid(real)),
        lambda fake: -np.log(1 - sigmoid(fake)),
    ),
    "non_saturating_generator_loss": (
        None,
        lambda fake: -np.log(sigmoid(fake)),
    ),
    "hinge_discriminator_loss": (
        lambda real: np.maximum(0, 1 - real),
        lambda fake: np.maximum(0, 1 + fake),
    ),
    "hinge_generator_loss": (None, lambda fake: -fake),
    "minimax_generator_loss": (None, lambda fake: np.log(1 - sigmoid(fake))),
    "wasserstein_discriminator_loss": (lambda real: -real, lambda fake: fake),
    "wasserstein_generator_loss": (None, lambda fake: -fake),
}


def relativistic_average_by_loops(judged_real, judged_fake):
    """Eq. of RaSGAN, an image and a patch at a time."""
    losses = np.zeros(len(judged_real))
    for i, (reals, fakes) in enumerate(zip(judged_real, judged_fake)):
        for real, fake in zip(reals.ravel(), fakes.ravel()):
            r_real = sigmoid(real - sum(judged_fake.ravel()) / judged_fake.size)
            r_fake = sigmoid(fake - sum(judged_real.ravel()) / judged_real.size)
            losses[i] += -np.log(r_real) - np.log(1 - r_fake)
        losses[i] /= reals.size
    return losses


# These do not fall into a real and a fake part.
RELATIVISTIC = {
    "relativistic_average_discriminator_loss": relativistic_average_by_loops,
    "relativistic_average_generator_loss": lambda real, fake: (
        relativistic_average_by_loops(fake, real)
    ),
}
FACES = {
    "least_squares_discriminator_loss": (
        adversarial.LeastSquaresDiscriminatorLoss
    ),
    "least_squares_generator_loss": adversarial.LeastSquaresGeneratorLoss,
    "non_saturating_discriminator_loss": (
        adversarial.NonSaturatingDiscriminatorLoss
    ),
    "non_saturating_generator_loss": adversarial.NonSaturatingGeneratorLoss,
    "hinge_discriminator_loss": adversarial.HingeDiscriminatorLoss,
    "hinge_generator_loss": adversarial.HingeGeneratorLoss,
    "minimax_generator_loss": adversarial.MinimaxGeneratorLoss,
    "wasserstein_discriminator_loss": adversarial.WassersteinDiscriminatorLoss,
    "wasserstein_generator_loss": adversarial.WassersteinGeneratorLoss,
    "relativistic_average_discriminator_loss": (
        adversarial.RelativisticAverageDiscriminatorLoss
    ),
    "relativistic_average_generator_loss": (
        adversarial.RelativisticAverageGeneratorLoss
    ),
}
FUNCTIONS = sorted(HAND_WORKED)
SHAPES = [(4,), (4, 1), (4, 6, 6, 1)]
FAMILIES = [
    "hinge",
    "least_squares",
    "minimax",
    "non_saturating",
    "relativistic_average",
    "wasserstein",
]


def expected_loss(name, real, fake):
    def mean(values):
        return values.reshape(len(values), -1).mean(axis=1)

    if name in RELATIVISTIC:
        return RELATIVISTIC[name](
            real.astype("float64"), fake.astype("float64")
        )
    real_part, fake_part = FORMULAS[name]
    total = mean(fake_part(fake.astype("float64")))
    if real_part is not None:
        total = total + mean(real_part(real.astype("float64")))
    return total


def random_logits(shape, seed=0):
    rng = np.random.default_rng(seed)
    return (3 * rng.normal(size=(2, *shape))).astype("float32")


def test_every_function_is_tested():
    functions = {
        name for name in vars(adversarial) if name.endswith("tor_loss")
    }
    formulas = {*FORMULAS, *RELATIVISTIC}
    assert functions == set(HAND_WORKED) == formulas == set(FACES)
    assert sorted(adversarial.ADVERSARIAL_LOSSES) == FAMILIES


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1, 1)], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_hand_worked_values(name, shape):
    function = getattr(adversarial, name)
    loss = function(
        tf.constant(REAL.reshape(shape)), tf.constant(FAKE.reshape(shape))
    )
    np.testing.assert_allclose(loss, HAND_WORKED[name], atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_equals_formula_of_the_paper(name, shape):
    real, fake = random_logits(shape)
    function = getattr(adversarial, name)
    loss = function(tf.constant(real), tf.constant(fake))
    assert loss.shape == (4,)
    np.testing.assert_allclose(
        loss, expected_loss(name, real, fake), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_patches_of_one_image_are_averaged(name):
    # The mean over a 2x1 grid is the mean of two images of one patch.
    function = getattr(adversarial, name)
    together = function(
        tf.reshape(REAL, (1, 2, 1, 1)), tf.reshape(FAKE, (1, 2, 1, 1))
    )
    np.testing.assert_allclose(together, [np.mean(HAND_WORKED[name])], 1e-6)


def test_equal_pytorch():
    torch = pytest.importorskip("torch")
    real, fake = random_logits((4, 6, 6, 1))
    for family, criterion in (
        ("least_squares", torch.nn.MSELoss()),
        ("non_saturating", torch.nn.BCEWithLogitsLoss()),
    ):
        generator_loss, discriminator_loss = adversarial.get(family)
        theirs = [torch.from_numpy(logits) for logits in (real, fake)]
        ones, zeros = torch.ones_like(theirs[0]), torch.zeros_like(theirs[0])
        np.testing.assert_allclose(
            discriminator_loss(real, fake),
            criterion(theirs[0], ones) + criterion(theirs[1], zeros),
            rtol=1e-5,
        )
        np.testing.assert_allclose(
            generator_loss(real, fake), criterion(theirs[1], ones), rtol=1e-5
        )


@pytest.mark.parametrize(
    ("family", "logit", "generator_value", "discriminator_value"),
    [
        # D = 0.5: its logit is 0, but least squares answers are D itself.
        ("non_saturating", 0.0, np.log(2), 2 * np.log(2)),
        ("least_squares", 0.5, 0.25, 0.5),
        ("hinge", 0.0, 0.0, 2.0),
        ("minimax", 0.0, np.log(0.5), 2 * np.log(2)),
        # Any logit, as long as both sides get the same.
        ("relativistic_average", 7.0, 2 * np.log(2), 2 * np.log(2)),
        ("wasserstein", 7.0, -7.0, 0.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_of_an_undecided_discriminator(
    family, logit, generator_value, discriminator_value
):
    logits = np.full((3, 2, 2, 1), logit, "float32")
    generator_loss, discriminator_loss = adversarial.get(family)
    np.testing.assert_allclose(
        generator_loss(logits, logits), generator_value, atol=1e-6
    )
    np.testing.assert_allclose(
        discriminator_loss(logits, logits), discriminator_value, atol=1e-6
    )


@pytest.mark.parametrize(
    ("family", "real", "fake"),
    [
        ("least_squares", 1.0, 0.0),
        ("hinge", 1.0, -1.0),
        ("hinge", 5.0, -9.0),
        ("non_saturating", 200.0, -200.0),
        ("minimax", 200.0, -200.0),
        ("relativistic_average", 500.0, 300.0),
    ],
    ids=str,
)
def test_discriminator_loss_is_zero_at_its_optimum(family, real, fake):
    _, discriminator_loss = adversarial.get(family)
    real, fake = tf.fill((2, 3), real), tf.fill((2, 3), fake)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        loss = discriminator_loss(real, fake)
    np.testing.assert_allclose(loss, 0.0, atol=1e-12)
    for gradient in tape.gradient(loss, [real, fake]):
        np.testing.assert_allclose(gradient, 0.0, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_high_logit_means_real(family):
    generator_loss, discriminator_loss = adversarial.get(family)
    real, fake = tf.zeros((2, 3)), tf.zeros((2, 3)) + 0.5
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        for_generator = generator_loss(real, fake)
        for_discriminator = discriminator_loss(real, fake)
    up, down = tape.gradient(for_discriminator, [real, fake])
    assert np.all(up < 0) and np.all(down > 0)
    assert np.all(tape.gradient(for_generator, fake) < 0)
    for_real = tape.gradient(for_generator, real)
    if generator_loss.needs_real_logits:
        # The generator gains by real images that look less real, too.
        assert np.all(for_real > 0)
    else:
        assert for_real is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generator_that_needs_no_real_logits_takes_none(family):
    generator_loss, _ = adversarial.get(family)
    fake = tf.constant(FAKE)
    if generator_loss.needs_real_logits:
        assert family == "relativistic_average"
    else:
        np.testing.assert_array_equal(
            generator_loss.call(None, fake),
            generator_loss.call(tf.constant(REAL), fake),
        )


def test_minimax_saturates_where_the_discriminator_rejects():
    # d/dC log(1 - sigmoid(C)) = -sigmoid(C),
    # d/dC -log sigmoid(C) = sigmoid(C) - 1 = -sigmoid(-C).
    fake = tf.constant([-20.0, 0.0, 20.0])
    for family, expected in (
        ("minimax", -sigmoid(fake.numpy())),
        ("non_saturating", -sigmoid(-fake.numpy())),
    ):
        generator_loss, _ = adversarial.get(family)
        with tf.GradientTape() as tape:
            tape.watch(fake)
            loss = generator_loss.call(None, fake)
        gradient = tape.gradient(loss, fake)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-9)
        rejected, undecided, accepted = np.abs(gradient)
        assert undecided == 0.5
        if family == "minimax":
            assert rejected < 1e-8 and accepted > 0.999
        else:
            assert rejected > 0.999 and accepted < 1e-8


def test_minimax_and_non_saturating_play_against_one_discriminator():
    _, minimax = adversarial.get("minimax")
    _, non_saturating = adversarial.get("non_saturating")
    assert type(minimax) is type(non_saturating)


def test_minimax_is_a_zero_sum_game():
    # Up to the real side, which no generator moves (Goodfellow, eq. 1).
    generator_loss, discriminator_loss = adversarial.get("minimax")
    real, fake = random_logits((4, 6, 6, 1))
    real_side = np.logaddexp(0, -real).reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(
        generator_loss.call(real, fake) + discriminator_loss.call(real, fake),
        real_side,
        rtol=1e-5,
    )


def test_relativistic_average_looks_at_the_whole_batch():
    loss = adversarial.relativistic_average_discriminator_loss
    real, fake = map(tf.constant, random_logits((4, 6, 6, 1)))
    moved = tf.concat([fake[:3], fake[3:] + 5.0], axis=0)
    assert np.all(np.abs(loss(real, moved) - loss(real, fake)) > 0.1)
    # Patches of all places count alike: their order is of no importance.
    np.testing.assert_allclose(
        loss(real[:, ::-1], tf.transpose(fake, (0, 2, 1, 3))),
        loss(real, fake),
        rtol=1e-5,
    )


def test_relativistic_average_gradient_flows_through_the_mean():
    real, fake = map(tf.constant, random_logits((3,)))
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        loss = tf.reduce_mean(
            adversarial.relativistic_average_discriminator_loss(real, fake)
        )
    for_real, for_fake = tape.gradient(loss, [real, fake])
    # A number added to all logits changes nothing, so the slopes cancel.
    np.testing.assert_allclose(
        np.sum(for_real) + np.sum(for_fake), 0.0, atol=1e-6
    )
    step = 1e-6
    for i in range(3):
        above, below = (
            relativistic_average_by_loops(
                real.numpy() + sign * step * np.eye(3)[i], fake.numpy()
            ).mean()
            for sign in (1.0, -1.0)
        )
        np.testing.assert_allclose(
            for_real[i], (above - below) / (2 * step), rtol=1e-3
        )


def test_a_linear_game_is_moved_by_the_wasserstein_loss():
    # The critic's slopes are -1 and 1 over the number of images, whatever the
    # logits are: it never saturates.
    real, fake = map(tf.constant, 100 * random_logits((4, 1)))
    _, loss = adversarial.get("wasserstein")
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = loss(real, fake)
    for_real, for_fake = tape.gradient(value, [real, fake])
    np.testing.assert_allclose(for_real, np.full((4, 1), -0.25))
    np.testing.assert_allclose(for_fake, np.full((4, 1), 0.25))


@pytest.mark.parametrize("family", FAMILIES)
def test_only_relative_losses_ignore_a_number_added_to_all_logits(family):
    _, loss = adversarial.get(family)
    real, fake = random_logits((4, 2))
    moved = np.allclose(
        loss.call(real + 3.0, fake + 3.0), loss.call(real, fake), atol=1e-4
    )
    assert moved == getattr(loss, "is_relative", False)


@pytest.mark.parametrize("family", ["least_squares", "non_saturating"])
def test_best_answer_is_the_share_of_real_images(family):
    # Goodfellow, proposition 1: D* = p_real / (p_real + p_fake). Of 4 patches
    # of each kind, 3 real and 1 fake show s, 1 real and 3 fake show t.
    grid = np.linspace(-3, 3, 241, dtype="float32")
    at_s, at_t = (m.ravel() for m in np.meshgrid(grid, grid))
    _, loss = adversarial.get(family)
    values = loss.call(
        tf.stack([at_s, at_s, at_s, at_t], axis=1),
        tf.stack([at_s, at_t, at_t, at_t], axis=1),
    )
    best = np.argmin(values)
    np.testing.assert_allclose(
        adversarial.probability_real(
            loss, tf.constant([at_s[best], at_t[best]])
        ),
        [0.75, 0.25],
        atol=0.01,  # The grid's step is 0.025, the sigmoid's slope 0.19.
    )


@pytest.mark.parametrize("family", ["least_squares", "non_saturating"])
def test_best_answer_to_a_smoothed_target(family):
    """At p(real) = q(fake), s = 0.2: both games are won by 0.8 / 2 = 0.4."""
    _, loss = adversarial.get(family, label_smoothing=0.2)
    logits = np.linspace(-3, 3, 6001, dtype="float32")[:, None]
    values = np.asarray(loss.call(logits, logits))
    best = adversarial.probability_real(loss, logits[np.argmin(values)])
    np.testing.assert_allclose(best, [0.4], atol=1e-3)


def test_smoothing_changes_neither_generator_nor_fakes():
    generator_loss, loss = adversarial.get("minimax", label_smoothing=0.1)
    assert isinstance(
        generator_loss, adversarial.ADVERSARIAL_LOSSES["minimax"][0]
    )
    _, plain = adversarial.get("minimax")
    # softplus(-2) = 0.126928 for the real side, plus s C = 0.2.
    real, fake = np.float32([[2.0]]), np.float32([[1.5]])
    difference = loss.call(real, fake) - plain.call(real, fake)
    np.testing.assert_allclose(difference, [0.2], rtol=1e-5)


@pytest.mark.parametrize(
    ("identifier", "smoothing", "message"),
    [
        ("hinge", 0.1, "^`label_smoothing` must be 0 unless"),
        ("wasserstein", 0.1, "^`label_smoothing` must be 0 unless"),
        ("relativistic_average", 0.1, "^`label_smoothing` must be 0 unless"),
        (adversarial.get("hinge"), 0.1, "^`label_smoothing` must be 0 unless"),
        ("minimax", 0.5, r"^`label_smoothing` must be in \[0, 0.5\)"),
        ("minimax", -0.1, r"^`label_smoothing` must be in \[0, 0.5\)"),
    ],
)
def test_smoothing_that_does_not_fit_is_refused(identifier, smoothing, message):
    with pytest.raises(ValueError, match=message):
        adversarial.get(identifier, smoothing)


@pytest.mark.parametrize("logit", [1e4, -1e4], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_huge_logits_stay_finite(name, logit):
    real, fake = tf.constant([[logit]]), tf.constant([[-logit]])
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        loss = getattr(adversarial, name)(real, fake)
    gradients = [
        gradient
        for gradient in tape.gradient(loss, [real, fake])
        if gradient is not None
    ]
    assert np.all(np.isfinite(loss)) and np.all(np.isfinite(gradients))
    assert gradients


def test_huge_logits_on_the_wrong_side_cost_their_size():
    # softplus(x) -> x: log(sigmoid) would have given inf.
    real, fake = tf.constant([-1e4]), tf.constant([1e4])
    loss = adversarial.non_saturating_discriminator_loss(real, fake)
    np.testing.assert_allclose(loss, [2e4])
    loss = adversarial.non_saturating_generator_loss(real, -fake)
    np.testing.assert_allclose(loss, [1e4])
    loss = adversarial.minimax_generator_loss(real, fake)
    np.testing.assert_allclose(loss, [-1e4])
    loss = adversarial.relativistic_average_discriminator_loss(real, fake)
    np.testing.assert_allclose(loss, [4e4])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_face_is_the_mean_over_the_batch(name):
    real, fake = random_logits((4, 6, 6, 1))
    per_image = expected_loss(name, real, fake)
    loss = FACES[name]()(real, fake)
    assert loss.shape == ()
    np.testing.assert_allclose(loss, per_image.mean(), rtol=1e-5)
    unreduced = FACES[name](reduction=None)(real, fake)
    np.testing.assert_allclose(unreduced, per_image, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_face_config_round_trip(name):
    loss = FACES[name](reduction="sum", name="mine")
    twin = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert type(twin) is FACES[name]
    assert (twin.reduction, twin.name) == ("sum", "mine")
    real, fake = random_logits((4, 1))
    np.testing.assert_array_equal(twin(real, fake), loss(real, fake))


@pytest.mark.parametrize("family", FAMILIES)
def test_get_by_name(family):
    pair = adversarial.get(family)
    assert tuple(map(type, pair)) == adversarial.ADVERSARIAL_LOSSES[family]
    prefix = family.title().replace("_", "")
    other_prefix = "NonSaturating" if family == "minimax" else prefix
    assert [type(loss).__name__ for loss in pair] == [
        f"{prefix}GeneratorLoss",
        f"{other_prefix}DiscriminatorLoss",
    ]


@pytest.mark.parametrize("kind", [tuple, list])
def test_get_returns_a_pair_as_it_is(kind):
    mixed = kind(
        [
            adversarial.HingeGeneratorLoss(),
            adversarial.LeastSquaresDiscriminatorLoss(),
        ]
    )
    generator_loss, discriminator_loss = adversarial.get(mixed)
    assert generator_loss is mixed[0]
    assert discriminator_loss is mixed[1]


HINGE = adversarial.HingeGeneratorLoss


@pytest.mark.parametrize(
    "identifier",
    [
        "hnge",
        "",
        None,
        3,
        (),
        (HINGE(),),
        (HINGE(), HINGE(), HINGE()),
        (HINGE, HINGE),
        ("hinge", "hinge"),
        {"hinge": HINGE()},
    ],
    ids=lambda identifier: str(identifier)[:12],
)
def test_get_refuses(identifier):
    message = (
        "`adversarial_loss` must be one of ['hinge', 'least_squares', "
        "'minimax', 'non_saturating', 'relativistic_average', 'wasserstein'] "
        "or a pair of `keras.losses.Loss` (generator's, discriminator's). "
        f"Received: adversarial_loss={identifier!r}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        adversarial.get(identifier)


def test_probability_of_a_sigmoid_loss():
    logits = tf.constant([-2.0, 0.0, 2.0])
    for family in ("non_saturating", "hinge"):
        _, loss = adversarial.get(family)
        np.testing.assert_allclose(
            adversarial.probability_real(loss, logits),
            [0.119203, 0.5, 0.880797],  # 1 / (1 + e^2), 1/2, 1 / (1 + e^-2)
            atol=1e-6,
        )


def test_probability_of_least_squares_is_the_answer_itself():
    _, loss = adversarial.get("least_squares")
    logits = tf.constant([-1.0, 0.0, 0.25, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(
        adversarial.probability_real(loss, logits), [0, 0, 0.25, 0.5, 1, 1]
    )


@pytest.mark.parametrize("family", ["relativistic_average", "wasserstein"])
def test_probability_of_a_relative_loss_is_against_the_other_side(family):
    _, loss = adversarial.get(family)
    real, fake = tf.constant([[3.0], [1.0]]), tf.constant([[-1.0], [1.0]])
    # Against means of 0 and 2.
    np.testing.assert_allclose(
        adversarial.probability_real(loss, real, fake),
        sigmoid(np.array([[3.0], [1.0]])),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        adversarial.probability_real(loss, fake, real),
        sigmoid(np.array([[-3.0], [-1.0]])),
        rtol=1e-6,
    )
    balanced = tf.fill((3, 2, 2, 1), 40.0)
    np.testing.assert_array_equal(
        adversarial.probability_real(loss, balanced, balanced),
        np.full((3, 2, 2, 1), 0.5),
    )
    alone = adversarial.probability_real(loss, tf.constant([-1e4, 0.0, 1e4]))
    assert np.all(np.isfinite(alone))


@pytest.mark.parametrize(
    "family", ["hinge", "least_squares", "minimax", "non_saturating"]
)
def test_probability_of_other_losses_is_not(family):
    _, loss = adversarial.get(family)
    real, fake = map(tf.constant, random_logits((4, 1)))
    np.testing.assert_array_equal(
        adversarial.probability_real(loss, real, fake),
        adversarial.probability_real(loss, real),
    )


def test_a_loss_of_ones_own_may_say_its_probability():
    class Doubled(adversarial.HingeDiscriminatorLoss):
        def probability(self, logits):
            return keras.ops.sigmoid(2 * logits)

    probability = adversarial.probability_real(Doubled(), tf.constant([1.0]))
    np.testing.assert_allclose(probability, [0.880797], atol=1e-6)


def test_public_names():
    assert public.ADVERSARIAL_LOSSES is adversarial.ADVERSARIAL_LOSSES
    assert public.get_adversarial_losses is adversarial.get
