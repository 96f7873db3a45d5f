"""Runs the command line: the console script, and `python -m segrules`."""

import sys


def main() -> None:
    """The console script; an interrupt is minded even before the commands are loaded."""
    try:
        from segrules.cli.main import run  # noqa: PLC0415 - loading it is part of the work

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
