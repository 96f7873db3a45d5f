"""Waiting lines by formula: exact and approximate answers, and which of them to trust when."""
