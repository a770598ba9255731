"""Callbacks: pictures of a training, instruments that watch it, guards."""

from keras_gans.callbacks.balance import Balance
from keras_gans.callbacks.class_coverage import ClassCoverage
from keras_gans.callbacks.evaluation import Evaluation
from keras_gans.callbacks.instrument import Instrument
from keras_gans.callbacks.interpolations import draw_interpolations
from keras_gans.callbacks.label_accuracy import LabelAccuracy
from keras_gans.callbacks.memorization import Memorization
from keras_gans.callbacks.mode_coverage import ModeCoverage
from keras_gans.callbacks.oscillation import Oscillation
from keras_gans.callbacks.overfitting import Overfitting
from keras_gans.callbacks.pair_strips import PairStrips
from keras_gans.callbacks.pictures import draw_columns, draw_grid, draw_rows
from keras_gans.callbacks.point_clouds import PointClouds
from keras_gans.callbacks.reconstructions import (
    Reconstructions,
    draw_reconstructions,
)
from keras_gans.callbacks.sample_diversity import SampleDiversity
from keras_gans.callbacks.sample_grids import SampleGrids
from keras_gans.callbacks.stop_on_non_finite import StopOnNonFinite
from keras_gans.callbacks.timeline import write_timeline
from keras_gans.callbacks.translation_strips import TranslationStrips

__all__ = [
    "Balance",
    "ClassCoverage",
    "Evaluation",
    "Instrument",
    "LabelAccuracy",
    "Memorization",
    "ModeCoverage",
    "Oscillation",
    "Overfitting",
    "PairStrips",
    "PointClouds",
    "Reconstructions",
    "SampleDiversity",
    "SampleGrids",
    "StopOnNonFinite",
    "TranslationStrips",
    "draw_columns",
    "draw_grid",
    "draw_interpolations",
    "draw_reconstructions",
    "draw_rows",
    "write_timeline",
]
