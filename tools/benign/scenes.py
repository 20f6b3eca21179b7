"""The backgrounds by name. Each fills the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.benign.landscapes import LANDSCAPES
from tools.benign.pen import Pen
from tools.benign.rooms import ROOMS

__all__ = ["SCENES"]

SCENES: Mapping[str, Callable[[Pen], None]] = {
    scene.__name__: scene for scene in (*ROOMS, *LANDSCAPES)
}
