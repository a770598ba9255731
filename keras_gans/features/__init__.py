"""Uses of codes: what can be read from them, few labels, other codes."""

from keras_gans.features.few_labels import (
    choose_per_class,
    fine_tuned_accuracy,
    probe_accuracy,
)
from keras_gans.features.neighbourhoods import trustworthiness
from keras_gans.features.principal_components import PrincipalComponents

__all__ = [
    "PrincipalComponents",
    "choose_per_class",
    "fine_tuned_accuracy",
    "probe_accuracy",
    "trustworthiness",
]
