"""Results put into words, tables and plots; computes nothing."""
