"""Simulate a funnel by segment: today against scenarios, under the same luck."""
