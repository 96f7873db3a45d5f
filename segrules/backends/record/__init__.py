"""The record target: rules as plain values from which a function over one record is built."""

from segrules.backends.record.program import named_features, program, refusals

__all__ = ["named_features", "program", "refusals"]
