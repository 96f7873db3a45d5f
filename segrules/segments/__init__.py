"""Customers placed in segments: reading tables, assigning, and describing the result."""
