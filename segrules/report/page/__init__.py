"""A result as one HTML file that needs nothing else: to read, to print, to send."""
