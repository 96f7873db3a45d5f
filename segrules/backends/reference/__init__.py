"""The meaning of the language, one customer at a time and as plainly as it can be said."""
