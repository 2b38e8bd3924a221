"""What a run ran on: the processor, the versions, the threads."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PEERS = {
    "numba": "Numba",
    "micrograd": "micrograd",
    "autograd": "HIPS autograd",
    "jax": "JAX",
    "torch": "PyTorch",
    "casadi": "CasADi",
}
"""What the contestants need: name on PyPI, and name in tables."""


def machine() -> str:
    """Return one line on the processor, Python, NumPy with its BLAS, and the peers."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    peers = [f"{name} {found}" for package, name in PEERS.items() if (found := installed(package))]
    return ", ".join(
        [
            f"{processor()} with {os.cpu_count()} cores",
            f"Python {platform.python_version()}",
            f"NumPy {np.__version__} on {blas['name']} {blas['version']}",
            *peers,
            f"threads of BLAS and of PyTorch: {threads()}",
        ]
    )


def installed(package: str) -> str | None:
    """Return the version of a package, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def threads() -> int:
    """Return how many threads NumPy's BLAS uses, by the rule of OpenBLAS; PyTorch gets as many."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(variable, "").isdecimal():
            return int(os.environ[variable])
    return os.cpu_count() or 1


def processor() -> str:
    """Return the model of the processor."""
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()
