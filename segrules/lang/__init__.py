"""The rule language, from text to a typed tree of what is meant; knows no engine."""
