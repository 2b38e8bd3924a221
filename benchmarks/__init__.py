"""Benchmarks: this library against its peers, one workload a file.

NumPy's BLAS and PyTorch get one thread each, unless the environment says otherwise: threads that
wait for work spin, and on a machine with something else to do a run then measures the scheduler.
It has to be said before NumPy is imported, hence here.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", os.environ["OPENBLAS_NUM_THREADS"])
