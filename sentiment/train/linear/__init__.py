"""Fitting the lite model."""
