"""A trained model in two files, and predictions from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_mini import nn
from autograd_mini.errors import SavedFileError, StateError
from autograd_mini.extras import require_modules
from autograd_mini.files import json_bytes, npz_bytes, read_json, read_npz
from autograd_mini.state import no_grad
from autograd_mini.tape import Node
from autograd_mini.tensor import Tensor
from autograd_mini.training.scaling import Scaling
from autograd_mini.training.tabular import read_table
from autograd_mini.training.tasks import Task, task_from_json
from autograd_mini.value import data

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]

_FORMAT = "autograd_mini model"
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class SavedModel:
    """All that predictions need, and where it came from.

    Attributes:
        features: the columns that the network takes, in order.
        task: what its scores mean.
        scaling: of the features.
        hidden: the number of units of each hidden layer.
        activation: of the hidden layers.
        weights: the parameters by name, as of `Module.state_dict()`.
        origin: settings, data and result of the training, for the reader.
    """

    features: tuple[str, ...]
    task: Task
    scaling: Scaling
    hidden: tuple[int, ...]
    activation: str
    weights: dict[str, Array]
    origin: dict[str, Any]

    def to_files(self) -> dict[str, bytes]:
        """Return the files by their names; `load` reads them."""
        weights = npz_bytes(self.weights)
        document = {
            "format": _FORMAT,
            "format_version": _FORMAT_VERSION,
            "library_version": version("autograd_mini"),
            **self.task.to_json(),
            "features": list(self.features),
            "feature_means": self.scaling.mean.tolist(),
            "feature_scales": self.scaling.scale.tolist(),
            "hidden": list(self.hidden),
            "activation": self.activation,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "origin": self.origin,
        }
        return {"model.npz": weights, "model.json": json_bytes(document)}

    @classmethod
    def load(cls, directory: Path) -> SavedModel:
        """Read a model; nothing in its files is executed.

        Raises:
            OSError: a file cannot be read.
            SavedFileError: a file is damaged, or the two do not belong together.
        """
        path, weights_path = directory / "model.json", directory / "model.npz"
        if not path.exists():
            raise SavedFileError(
                f"{directory} holds no model; it is written when a run has finished (one that was "
                "broken off goes on with autograd-mini train --resume)"
            )
        document = read_json(path.read_bytes(), path, _FORMAT, _FORMAT_VERSION)
        digest = hashlib.sha256(weights_path.read_bytes()).hexdigest()
        if digest != document.get("weights_sha256"):
            raise SavedFileError(
                f"{weights_path}: this is not the file that {path} describes; it is damaged, or "
                "from another run"
            )
        try:
            model = cls(
                tuple(map(str, document["features"])),
                task_from_json(document),
                Scaling(
                    np.array(document["feature_means"], dtype=float),
                    np.array(document["feature_scales"], dtype=float),
                ),
                tuple(map(int, document["hidden"])),
                str(document["activation"]),
                read_npz(weights_path),
                dict(document["origin"]),
            )
            model.network()
            model.scaling.apply(np.zeros((1, len(model.features))))
        except (KeyError, TypeError, ValueError, StateError) as error:
            raise SavedFileError(f"{path}: the file is damaged: {error!r}") from None
        return model

    def network(self, kind: type[Node] = Tensor) -> nn.MLP:
        """Return the network, ready to be called on standardised features."""
        network = nn.MLP(
            len(self.features),
            [*self.hidden, self.task.outputs],
            activation=self.activation,
            kind=kind,
            rng=0,
        )
        network.load_state_dict(self.weights)
        return network

    def scores(self, x: Array) -> Array:
        """Return the scores (m, k) of features (m, n) in their own units.

        A score is infinite or NaN where the features are so large that the network overflows.
        """
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            return data(self.network().eval()(self.scaling.apply(x)))

    def predict(self, path: str | Path) -> pd.DataFrame:
        """Return predictions for the rows of a CSV file, one row each, in order.

        The file needs the columns that the model was trained on, in any order; others are ignored.
        For classes, the columns are "prediction" and one "probability_CLASS" a class; for numbers,
        "prediction" in the units of the target.

        Raises:
            MissingExtraError: pandas is not installed.
            OSError: the file cannot be read.
            TableError: a column is missing, or a value in it is no finite number or too large.
        """
        require_modules("pandas", extra="cli")
        import pandas as pd

        table = read_table(path)
        scores = self.scores(table.matrix(self.features))
        overflown = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if overflown.size:
            row = table.rows[int(overflown[0])]
            raise table.fault("the numbers are too large for the network", row)
        return pd.DataFrame(self.task.columns(scores))
