"""Compiled loops: arrays and numbers in, arrays out; they know no class of the model."""
