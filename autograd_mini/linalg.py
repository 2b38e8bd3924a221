"""Linear algebra with NumPy's names, on arrays and tensors: `linalg.solve`, `linalg.eigh` ...

Matrices lie in the last two axes; leading axes are stacks of them. `LinAlgError` is NumPy's.
"""

from numpy.linalg import LinAlgError

from autograd_mini.ops import determinants, norms, singular, solving, spectral, triangular
from autograd_mini.ops.determinants import *  # noqa: F403  # each room says what is public
from autograd_mini.ops.linalg import matmul
from autograd_mini.ops.norms import *  # noqa: F403
from autograd_mini.ops.products import multi_dot, outer, tensordot, vecdot
from autograd_mini.ops.singular import *  # noqa: F403
from autograd_mini.ops.solving import *  # noqa: F403
from autograd_mini.ops.spectral import *  # noqa: F403
from autograd_mini.ops.subscripts import cross
from autograd_mini.ops.triangular import *  # noqa: F403

__all__ = ["LinAlgError", "cross", "matmul", "multi_dot", "outer", "tensordot", "vecdot"]
__all__ += determinants.__all__
__all__ += norms.__all__
__all__ += singular.__all__
__all__ += solving.__all__
__all__ += spectral.__all__
__all__ += triangular.__all__
