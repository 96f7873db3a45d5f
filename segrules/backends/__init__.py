"""Targets of the language: each gives the same meaning to the same tree."""
