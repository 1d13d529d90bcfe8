"""Kernels that pytest starts (nbval) run in the same environment as those of the book build."""

from tools import kernel_env

kernel_env.apply()
