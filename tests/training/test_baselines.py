from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from training.evaluation import lenskit, tuning
from training.evaluation.baselines import (
    Baseline,
    Ease,
    FilmNeighbours,
    Groups,
    UserNeighbours,
)
from training.evaluation.factors import Als, Bpr
from training.evaluation.tuning import candidates, settings
from training.model.embedding import Normalisation, SpectralEmbedding, decompose, weigh

Array = NDArray[np.float64]


def taste_matrix(users: int = 40, films: int = 30, seed: int = 0) -> sparse.csr_matrix:
    """Ratings from 1 to 5: even users rate mostly even films, odd users mostly odd ones."""
    random = np.random.default_rng(seed)
    alike = (np.arange(users)[:, None] + np.arange(films)) % 2 == 0
    rated = random.random((users, films)) < np.where(alike, 0.6, 0.05)
    return sparse.csr_matrix(rated * random.integers(1, 6, (users, films)).astype(float))


def textbook_ease(known: Array, strength: float) -> Array:
    """The scores of the paper: X B, B = -P / diag(P) with a diagonal of 0."""
    precision = np.linalg.inv(known.T @ known + strength * np.eye(known.shape[1]))
    weights = -precision / precision.diagonal()
    np.fill_diagonal(weights, 0)
    return np.asarray(known @ weights)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)], ids=["more users", "more films"])
def test_ease_is_the_textbook_formula(shape: tuple[int, int]) -> None:
    ratings = taste_matrix(*shape)
    known = (ratings.toarray() > 0).astype(float)
    expected = textbook_ease(known, 7.0)
    found = Ease(7.0).fit(ratings).scores(ratings, np.arange(len(known)))
    unknown = known == 0
    np.testing.assert_allclose(found[unknown], expected[unknown], atol=1e-10)


@pytest.mark.parametrize("shape", [(60, 25), (25, 60)], ids=["more users", "more films"])
@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0])
def test_the_embedding_without_filter_and_exponents_ranks_like_ease(
    shape: tuple[int, int], strength: float
) -> None:
    ratings = taste_matrix(*shape, seed=3)
    plain = Normalisation(user_exponent=0, film_exponent=0, slope=0)
    spectrum = decompose(ratings, (1, 5), plain, seed=0)
    embedding = SpectralEmbedding(10**6, strength, output_exponent=0, correction=1).fit(spectrum)
    weights = weigh(ratings, spectrum.mean, spectrum.half_range, plain)
    users = weights @ (embedding.vectors_ * embedding.fold_in_[:, None])
    ridge = strength * spectrum.values[15] ** 2  # of the sixteenth singular value, see REFERENCE
    known = ratings.toarray() > 0
    expected = textbook_ease(known.astype(float), ridge)
    found = users @ embedding.vectors_.T
    np.testing.assert_allclose(found[~known], expected[~known], atol=1e-5)
    for ours, theirs, own in zip(found, expected, known, strict=True):
        assert np.argsort(-ours[~own]).tolist() == np.argsort(-theirs[~own]).tolist()


def test_film_similarities_are_cosines() -> None:
    ratings = taste_matrix()
    binary = (ratings.toarray() > 0).astype(float)
    lengths = np.linalg.norm(binary, axis=0)
    cosines = binary.T @ binary / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0)
    found = FilmNeighbours(30, tfidf=False).fit(ratings).scores(ratings, np.arange(40))
    np.testing.assert_allclose(found, binary @ cosines, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Method expects CSR")
def test_item_neighbours_equal_those_of_implicit() -> None:
    nearest = import_module("implicit.nearest_neighbours")
    ratings = taste_matrix()
    binary = (ratings > 0).astype(np.float64)
    theirs = nearest.TFIDFRecommender(K=31)
    theirs.fit(binary, show_progress=False)
    similar = theirs.similarity.toarray()
    np.fill_diagonal(similar, 0)
    ours = FilmNeighbours(30, tfidf=True).fit(ratings).similar_.toarray()
    np.testing.assert_allclose(ours, similar, atol=1e-7)


def test_users_are_not_their_own_neighbours() -> None:
    ratings = sparse.csr_matrix(np.array([[5.0, 0, 0], [5, 5, 0], [0, 0, 5]]))
    found = UserNeighbours(1, tfidf=False).fit(ratings).scores(ratings[:1], np.array([0]))
    np.testing.assert_allclose(found, [[np.sqrt(0.5), np.sqrt(0.5), 0]])


@pytest.mark.parametrize(
    "baseline",
    [
        Groups(2, 0),
        UserNeighbours(10, tfidf=True),
        FilmNeighbours(10, tfidf=True),
        Ease(5.0),
        Als(4, 5.0, 0),
        Bpr(4, 60, 0),
    ],
    ids=lambda baseline: type(baseline).__name__,
)
def test_baselines_learn_tastes_and_are_reproducible(baseline: Baseline) -> None:
    ratings = taste_matrix(80, 30)
    users = np.arange(80)
    scores = baseline.fit(ratings).scores(ratings, users)
    assert scores.shape == (80, 30)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(baseline.fit(ratings).scores(ratings, users), scores)
    alike = (users[:, None] + np.arange(30)) % 2 == 0
    unknown = ratings.toarray() == 0
    gain = scores[alike & unknown].mean() - scores[~alike & unknown].mean()
    assert gain > 0


def test_missing_packages_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "find_spec", lambda _: None)
    monkeypatch.setattr(lenskit, "PYTHON", Path("/none"))
    found, left_out = candidates(10, 10, 0)
    assert left_out == {
        "ALS": "the package implicit is not installed",
        "BPR": "the package implicit is not installed",
        "LensKit ALS": "its environment is missing: run make lenskit",
    }
    assert not found.keys() & left_out.keys()


def test_baselines_that_need_too_much_memory_are_left_out() -> None:
    found, left_out = candidates(10**6, 10**5, 0)
    assert {"EASE", "user k-NN", "item k-NN"} <= left_out.keys()
    assert "EASE" in candidates(100, 10**5, 0)[0]  # it inverts the smaller Gram matrix
    assert "ALS" in found


def test_settings_leave_the_seed_out() -> None:
    assert settings(Als(8, 2.0, 1)) == {"factors": 8, "alpha": 2.0}
