"""The command line: each command reads, calls, prints and exits."""
