"""The table of primitives: what its rooms show at the top level, and NumPy's names for it."""

from collections.abc import Callable
from typing import Any

from autograd_mini.ops import (
    determinants,
    elementwise,
    indexing,
    joining,
    linalg,
    moving,
    norms,
    ordering,
    products,
    reductions,
    scans,
    shaping,
    singular,
    softmaxes,
    solving,
    spectral,
    statistics,
    subscripts,
    triangular,
)
from autograd_mini.ops.elementwise import *  # noqa: F403  # each room says what is public in it
from autograd_mini.ops.indexing import *  # noqa: F403
from autograd_mini.ops.joining import *  # noqa: F403
from autograd_mini.ops.linalg import *  # noqa: F403
from autograd_mini.ops.moving import *  # noqa: F403
from autograd_mini.ops.ordering import *  # noqa: F403
from autograd_mini.ops.products import *  # noqa: F403
from autograd_mini.ops.reductions import *  # noqa: F403
from autograd_mini.ops.scans import *  # noqa: F403
from autograd_mini.ops.shaping import *  # noqa: F403
from autograd_mini.ops.softmaxes import *  # noqa: F403
from autograd_mini.ops.statistics import *  # noqa: F403
from autograd_mini.ops.subscripts import *  # noqa: F403

__all__: list[str] = []
__all__ += elementwise.__all__
__all__ += indexing.__all__
__all__ += joining.__all__
__all__ += linalg.__all__
__all__ += moving.__all__
__all__ += ordering.__all__
__all__ += products.__all__
__all__ += reductions.__all__
__all__ += scans.__all__
__all__ += shaping.__all__
__all__ += softmaxes.__all__
__all__ += statistics.__all__
__all__ += subscripts.__all__

NUMPY: dict[Callable[..., Any], Callable[..., Any]] = {
    **determinants.NUMPY,
    **elementwise.NUMPY,
    **indexing.NUMPY,
    **joining.NUMPY,
    **linalg.NUMPY,
    **moving.NUMPY,
    **norms.NUMPY,
    **ordering.NUMPY,
    **products.NUMPY,
    **reductions.NUMPY,
    **scans.NUMPY,
    **shaping.NUMPY,
    **singular.NUMPY,
    **solving.NUMPY,
    **spectral.NUMPY,
    **statistics.NUMPY,
    **subscripts.NUMPY,
    **triangular.NUMPY,
}
"""By NumPy's function, or ufunc, the one of the table: it takes the same arguments, or fewer."""
