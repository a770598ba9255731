"""Measures of generated images, and of the game; none changes a training."""

from keras_gans.metrics.deviation import Deviation
from keras_gans.metrics.distances import (
    mean_pairwise_distance,
    nearest_distances,
)
from keras_gans.metrics.evaluation import evaluate_images
from keras_gans.metrics.feature_metrics import (
    Diversity,
    FrechetDistance,
    KernelDistance,
    PrecisionRecall,
)
from keras_gans.metrics.frechet_distance import frechet_distance
from keras_gans.metrics.image_classifier import ImageClassifier
from keras_gans.metrics.image_features import CallableFeatures, ImageFeatures
from keras_gans.metrics.inception_features import InceptionFeatures
from keras_gans.metrics.kernel_distance import kernel_distance
from keras_gans.metrics.modes import count_modes
from keras_gans.metrics.neighborhoods import (
    density_coverage,
    precision_recall,
)
from keras_gans.metrics.network_features import (
    ClassifierFeatures,
    EncoderFeatures,
)
from keras_gans.metrics.pair_metrics import (
    MeanAbsoluteDifference,
    PeakSignalToNoiseRatio,
    StructuralSimilarity,
)
from keras_gans.metrics.score import Protocol, ProtocolMismatch, Score
from keras_gans.metrics.similarity import (
    mean_over_images,
    peak_signal_to_noise_ratio,
    structural_similarity,
)

__all__ = [
    "CallableFeatures",
    "ClassifierFeatures",
    "Deviation",
    "Diversity",
    "EncoderFeatures",
    "FrechetDistance",
    "ImageClassifier",
    "ImageFeatures",
    "InceptionFeatures",
    "KernelDistance",
    "MeanAbsoluteDifference",
    "PeakSignalToNoiseRatio",
    "PrecisionRecall",
    "Protocol",
    "ProtocolMismatch",
    "Score",
    "StructuralSimilarity",
    "count_modes",
    "density_coverage",
    "evaluate_images",
    "frechet_distance",
    "kernel_distance",
    "mean_over_images",
    "mean_pairwise_distance",
    "nearest_distances",
    "peak_signal_to_noise_ratio",
    "precision_recall",
    "structural_similarity",
]
