"""Where the simulator's kernels are compiled: as those that place rows are."""

from pathlib import Path

from segrules.backends.kernel.jit import cache_directory, kernels

__all__ = ["cache_directory", "kernel"]

kernel = kernels(Path(__file__).parent)
"""For kernels that call each other and those that place rows (see `backends.kernel.jit`)."""
