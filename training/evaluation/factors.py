"""Baselines from the ``implicit`` package, a development dependency that is imported on use."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from training.evaluation.baselines import Array, Rows, binary


class _Factors:
    """A model of the ``implicit`` package: scores are products of user and film factors."""

    def _learn(self, model: Any, ratings: sparse.csr_matrix) -> Self:
        with threadpool_limits(1, "blas"):
            model.fit(binary(ratings).astype(np.float32), show_progress=False)
        self.users_, self.films_ = model.user_factors, model.item_factors
        return self

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:  # noqa: ARG002 part of the protocol
        """Return the products of factors."""
        return np.asarray(self.users_[users] @ self.films_.T, np.float64)


@dataclass
class Als(_Factors):
    """Implicit ALS (Hu, Koren, Volinsky, Collaborative Filtering for Implicit Feedback, 2008)."""

    factors: int
    alpha: float
    seed: int

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Run 15 iterations, the default of the package."""
        from implicit.cpu.als import AlternatingLeastSquares

        with threadpool_limits(1, "blas"):  # implicit warns otherwise
            model = AlternatingLeastSquares(
                self.factors, alpha=self.alpha, random_state=self.seed, num_threads=1
            )
        return self._learn(model, ratings)


@dataclass
class Bpr(_Factors):
    """BPR (Rendle et al., Bayesian Personalized Ranking from Implicit Feedback, 2009).

    The package draws negative examples by popularity. The paper draws them uniformly. The
    difference works against popular films.
    """

    factors: int
    passes: int
    seed: int

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Run ``passes`` passes at the default learning rate: early stopping matters most."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        model = BayesianPersonalizedRanking(
            self.factors, iterations=self.passes, random_state=self.seed, num_threads=1
        )
        return self._learn(model, ratings)
