"""Processes of `training_steps.py`, each of which holds one library."""
