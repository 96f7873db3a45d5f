"""Where the simulator's kernels are compiled: as those that place rows are."""

from segrules.backends.kernel.jit import cache_directory, kernel

__all__ = ["cache_directory", "kernel"]
