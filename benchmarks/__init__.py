"""Benchmarks: this library against its peers, one workload a file; `python -m benchmarks`.

NumPy's BLAS and PyTorch get one thread each, unless the environment says otherwise: threads that
wait for work spin, and on a machine with something else to do a run then measures the scheduler.
JAX computes in float64, as all others do. Both have to be said before NumPy and JAX are imported,
hence here.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", os.environ["OPENBLAS_NUM_THREADS"])
os.environ.setdefault("JAX_ENABLE_X64", "1")
