"""Syntax to Ir: names are resolved, types are checked, every problem is reported and work goes on."""
