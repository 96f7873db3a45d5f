"""Periods of the calendar: days, weeks from Monday, months, quarters, years, fiscal years.

They are counted where the record function can count them too.
"""

from segrules.runtime.calendar import Unit, period_of, period_start, previous_period

__all__ = ["Unit", "period_of", "period_start", "previous_period"]
