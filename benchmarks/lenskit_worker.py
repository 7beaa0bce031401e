"""Fits LensKit's implicit ALS for ``training.evaluation.lenskit``, in a separate environment.

Since 2025, LensKit needs PyTorch, which takes gigabytes. The last release before that needs NumPy 1
and Python 3.11. Each line of input names a file with ``users`` and ``films`` (positions), the
number of ``features`` and the ``weight`` of a rating. The factors are written to a file next to it.
"""

import sys
import warnings

import numpy as np
import pandas as pd
from lenskit.algorithms.als import ImplicitMF

warnings.simplefilter("ignore")
for line in sys.stdin:
    path = line.strip()
    asked = np.load(path)
    ratings = pd.DataFrame({"user": asked["users"], "item": asked["films"]})
    model = ImplicitMF(
        int(asked["features"]),
        weight=float(asked["weight"]),
        use_ratings=False,
        rng_spec=int(asked["seed"]),
    ).fit(ratings)
    np.savez(
        path + ".fitted.npz",
        users=model.user_index_.to_numpy(),
        films=model.item_index_.to_numpy(),
        user_factors=model.user_features_,
        film_factors=model.item_features_,
    )
    print("done", flush=True)
