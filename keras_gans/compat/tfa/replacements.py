"""What takes the place of the names of tensorflow-addons that are not here."""

_NONE = "Keras 3 has no equal"
_EMA = "pass `use_ema=True` and `ema_momentum` to the optimizer instead"
_CYCLE = (
    "write a `keras.optimizers.schedules.LearningRateSchedule` instead; Keras "
    "has `CosineDecayRestarts`"
)
_FUSION = (
    "use `tfa.image.transform` with one row of eight numbers instead; the "
    "product of two 3x3 matrices composes them"
)
# namespace: {name: what to use instead}. All public names of version 0.23
# which `keras_gans.compat.tfa` does not have.
REPLACEMENTS = {
    "tfa": {
        "activations": "use `keras.activations` instead: `gelu` (exact by "
        "default, it was approximate), `hard_shrink`, `mish`, `soft_shrink`, "
        "`sparsemax` and `tanh_shrink` are there",
        "callbacks": "use `tqdm.keras.TqdmCallback`, "
        "`keras.callbacks.SwapEMAWeights` or a callback of your own instead",
        "losses": "use `keras.losses` instead: `BinaryFocalCrossentropy`, and "
        "`keras_gans.losses` for adversarial losses",
        "metrics": "use `keras.metrics` instead: `F1Score`, `FBetaScore`, "
        "`R2Score` and `PearsonCorrelation` are there",
        "options": "leave it out: nothing here has kernels of its own",
        "register": "leave it out: importing `keras_gans.compat.tfa` "
        "registers all layers and optimizers that it has",
        "register_all": "leave it out: importing `keras_gans.compat.tfa` "
        "registers all layers and optimizers that it has",
        "rnn": "use `keras.layers.LSTM` or a cell of your own instead",
        "seq2seq": "use `keras_hub.samplers`, or a loop of your own, instead",
        "text": f"{_NONE}; conditional random fields need code of their own",
        "types": "leave it out: these were annotations of arguments",
        "utils": "leave it out: these were internals",
        "version": "use `keras_gans.__version__` instead",
    },
    "tfa.layers": {
        "CRF": _NONE,
        "CorrelationCost": _NONE,
        "ESN": _NONE,
        "EmbeddingBag": "use `keras.layers.Embedding` and a sum or mean over "
        "its outputs instead",
        "FilterResponseNormalization": _NONE,
        "GELU": 'use `keras.layers.Activation("gelu")` instead; it is exact, '
        "and was approximate by default",
        "MaxUnpooling2D": "use `keras.layers.UpSampling2D` instead, which "
        "does not know where the largest was",
        "MaxUnpooling2DV2": "use `keras.layers.UpSampling2D` instead, which "
        "does not know where the largest was",
        "MultiHeadAttention": "use `keras.layers.MultiHeadAttention` instead; "
        "its arguments are others",
        "NoisyDense": _NONE,
        "PoincareNormalize": _NONE,
        "PolynomialCrossing": _NONE,
        "Snake": _NONE,
        "Sparsemax": 'use `keras.layers.Activation("sparsemax")` instead',
        "SpatialPyramidPooling2D": "use several "
        "`keras.layers.AdaptiveAveragePooling2D` and concatenate them instead",
        "StochasticDepth": "use `keras.layers.Dropout` with `noise_shape="
        "(None, 1, 1, 1)` on the branch, then add, instead; it scales in "
        "training, where that scaled in inference",
        "TLU": _NONE,
    },
    "tfa.optimizers": {
        "AdaBelief": f"{_NONE}; `keras.optimizers.Adam` is nearest",
        "AveragedOptimizerWrapper": _EMA,
        "COCOB": _NONE,
        "ConditionalGradient": _NONE,
        "CyclicalLearningRate": _CYCLE,
        "DecoupledWeightDecayExtension": "use `tfa.optimizers.AdamW` or "
        "`SGDW`, or the `weight_decay` of any Keras optimizer, which is times "
        "the learning rate",
        "ExponentialCyclicalLearningRate": _CYCLE,
        "KerasLegacyOptimizer": "use `keras.optimizers.Optimizer` instead",
        "LazyAdam": "use `keras.optimizers.Adam` instead: it decays the "
        "moments of rows without gradients too",
        "Lookahead": _NONE,
        "MovingAverage": _EMA,
        "MultiOptimizer": "use `keras.optimizers.MultiOptimizer` instead; it "
        "maps names of weights to optimizers, not layers",
        "NovoGrad": _NONE,
        "ProximalAdagrad": _NONE,
        "RectifiedAdam": f"{_NONE}; `keras.optimizers.Adam` with a schedule "
        "that warms up is nearest",
        "SWA": _EMA,
        "Triangular2CyclicalLearningRate": _CYCLE,
        "TriangularCyclicalLearningRate": _CYCLE,
        "Yogi": f"{_NONE}; `keras.optimizers.Adam` is nearest",
        "extend_with_decoupled_weight_decay": "use `tfa.optimizers.AdamW` or "
        "`SGDW`, or the `weight_decay` of any Keras optimizer, which is times "
        "the learning rate",
    },
    "tfa.image": {
        "adjust_hsv_in_yiq": "use `keras.layers.RandomHue` and "
        "`RandomSaturation` instead; they work in HSV",
        "angles_to_projective_transforms": "use `tfa.image.rotate` instead",
        "blend": "write `image1 + factor * (image2 - image1)` instead",
        "compose_transforms": _FUSION,
        "connected_components": "use `scipy.ndimage.label` instead",
        "cutout": "use `keras.layers.RandomErasing` instead, which draws the "
        "place itself",
        "dense_image_warp": "use `keras.ops.image.map_coordinates` on each "
        "channel instead",
        "equalize": "use `keras.layers.Equalization` instead",
        "euclidean_dist_transform": "use "
        "`scipy.ndimage.distance_transform_edt` instead",
        "interpolate_bilinear": "use `keras.ops.image.map_coordinates` with "
        "`order=1` instead",
        "interpolate_spline": "use `scipy.interpolate.RBFInterpolator` instead",
        "mean_filter2d": "use `keras.ops.average_pool` with strides of 1 "
        "instead, after padding",
        "median_filter2d": "use `scipy.ndimage.median_filter` instead",
        "random_cutout": "use `keras.layers.RandomErasing` instead; its sizes "
        "are shares of the image",
        "random_hsv_in_yiq": "use `keras.layers.RandomHue` and "
        "`RandomSaturation` instead; they work in HSV",
        "resampler": "use `keras.ops.image.map_coordinates` instead",
        "sharpness": "use `keras.layers.RandomSharpness` instead",
        "shear_x": "use `tfa.image.transform` with `[1, level, 0, 0, 1, 0, 0, "
        "0]` instead",
        "shear_y": "use `tfa.image.transform` with `[1, 0, 0, level, 1, 0, 0, "
        "0]` instead",
        "sparse_image_warp": "use `scipy.interpolate.RBFInterpolator` and "
        "`keras.ops.image.map_coordinates` instead",
        "translate_xy": "use `tfa.image.translate` instead",
        "translations_to_projective_transforms": "use `tfa.image.translate` "
        "instead",
    },
}


def refuse_names_of(module, namespace):
    """Returns a `__getattr__` for a module that stands in for a namespace.

    Args:
        module: String, the module's `__name__`.
        namespace: String, such as `"tfa.layers"`, a key of `REPLACEMENTS`.
    """

    def refuse(name):
        advice = REPLACEMENTS[namespace].get(name)
        if advice is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise AttributeError(
            f"`{namespace}.{name}` is not in `keras_gans.compat.tfa`: {advice}."
        )

    return refuse
