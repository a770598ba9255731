"""Installs keras_gans, trainers and export; the metadata is in pyproject."""

from setuptools import setup

setup()
