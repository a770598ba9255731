"""Replaces layers by equal ones that phones run faster, at export time only."""
