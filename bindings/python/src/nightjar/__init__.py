"""Nightjar for evaluators and scripts: an offline survey core.

The names here are the hand-written layer; ``nightjar._native`` is generated and its foundation.
"""

from nightjar._native import core_version

__all__ = ["core_version"]
