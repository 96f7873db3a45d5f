"""Runs the command line as `python -m segrules`."""

from segrules.cli.main import run

if __name__ == "__main__":
    run()
