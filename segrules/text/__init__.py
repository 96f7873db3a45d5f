"""Source text, spans and diagnostics: all that can be said about a file without reading rules."""
