"""Syntax to Ir: names resolved, types checked, every problem reported and the work going on."""
