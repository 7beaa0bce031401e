"""The embedding: singular vectors of the documented matrix, and the scores served from them."""

import numpy as np
import pytest

from recommender.model.artifact import Model
from recommender.model.profile import fold_in, make_profile
from recommender.model.ranking import Strategy, rank
from tests.training.small_data import Matrix, as_data, block_ratings, random_ratings
from training.data.dataset import Dataset
from training.model.embedding import (
    MEAN_STRENGTH,
    Normalisation,
    SpectralEmbedding,
    Spectrum,
    decompose,
)
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters, Settings

NORMALISATIONS = [
    Normalisation(),
    Normalisation(0.5, 0.25, 1.0),
    Normalisation(0.0, 0.5, 0.0),
]


def factor(ratings: Matrix, normalisation: Normalisation | None = None, seed: int = 0) -> Spectrum:
    """The spectrum of users × films ratings on the scale from 0 to 5."""
    normalisation = normalisation or Normalisation()
    return decompose(as_data(ratings).matrix, (0.0, 5.0), normalisation, seed)


def filtered(spectrum: Spectrum, bandwidth: int, strength: float) -> Matrix:
    """Filtered singular vectors (n, d), by the formula of ``SpectralEmbedding``."""
    squares = spectrum.values[: 2 * bandwidth] ** 2
    ridge = squares / (squares + strength * squares[min(15, len(squares) - 1)])
    low_pass = 1 / (1 + (np.arange(1, len(squares) + 1) / bandwidth) ** 3)
    return np.asarray(spectrum.vectors[:, : len(squares)] * np.sqrt(ridge * low_pass))


def normalised(ratings: Matrix, chosen: Normalisation) -> Matrix:
    """The matrix that is decomposed, by the formula of ``Normalisation``."""
    rated = ~np.isnan(ratings)
    of_users = rated.sum(axis=1, keepdims=True).astype(float)
    of_films = np.maximum(rated.sum(axis=0), 1).astype(float)
    mean = np.nansum(ratings) / rated.sum()
    means = np.nansum(ratings, axis=1, keepdims=True) + MEAN_STRENGTH * mean
    means = means / (of_users + MEAN_STRENGTH)
    weights = 1 + chosen.slope * (np.nan_to_num(ratings) - means) / 2.5
    matrix = weights * np.maximum(of_users, 1) ** -chosen.user_exponent
    return np.asarray(np.where(rated, matrix * of_films**-chosen.film_exponent, 0.0))


def scores(model: Model, data: Dataset, user: int) -> Matrix:
    """The served scores (n,) of all films for a user of the data, in order of film id."""
    rated = data.matrix[user]
    ids = data.films["id"].to_numpy()[rated.indices].tolist()
    profile = make_profile(model, list(zip(ids, rated.data.tolist(), strict=True)))
    return np.asarray((model.vectors @ fold_in(model, profile).vector)[model.rows_by_id], float)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("shape", [(40, 25), (25, 40), (12, 60)])
def test_the_spectrum_equals_that_of_the_dense_matrix(
    shape: tuple[int, int],
    exact: bool,
    normalisation: Normalisation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not exact:
        monkeypatch.setattr("training.model.embedding.SMALL", 0)
        monkeypatch.setattr("training.model.embedding.EXACT", 0)
        monkeypatch.setattr("training.model.embedding.LEADING", 8)
    ratings = random_ratings(*shape)
    _, values, vectors = np.linalg.svd(normalised(ratings, normalisation), full_matrices=False)
    found = factor(ratings, normalisation)
    count = len(found.values)
    assert count == (min(shape) if exact else 8)
    assert np.allclose(found.values, values[:count], rtol=1e-4)
    firm = 4  # leading values far enough apart to fix their vectors
    overlap = np.abs(np.sum(found.vectors[:, :firm] * vectors[:firm].T, axis=0))
    assert np.allclose(overlap, 1, atol=1e-3)
    precision = 1e-8 if exact else 1e-5  # 64 and 32 bits
    assert np.allclose(found.vectors.T @ found.vectors, np.eye(count), atol=precision)


@pytest.mark.parametrize("shape", [(40, 25), (25, 40)])
def test_leading_vectors_equal_those_of_the_full_decomposition(shape: tuple[int, int]) -> None:
    matrix = as_data(random_ratings(*shape)).matrix
    whole = decompose(matrix, (0.0, 5.0), Normalisation(), 0)
    part = decompose(matrix, (0.0, 5.0), Normalisation(), 0, wanted=7)
    assert np.allclose(part.values, whole.values[:7])
    assert np.allclose(part.vectors, whole.vectors[:, :7], atol=1e-8)


def test_what_is_served_is_exact_however_large_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = as_data(random_ratings(120, 90)).matrix

    def spectrum(*, rough: bool) -> Spectrum:
        return decompose(matrix, (0.0, 5.0), Normalisation(), 0, wanted=7, rough=rough)

    exact = spectrum(rough=False)
    monkeypatch.setattr("training.model.embedding.SMALL", 0)
    large, rough = spectrum(rough=False), spectrum(rough=True)
    assert np.allclose(large.values, exact.values)
    assert np.allclose(large.vectors, exact.vectors, atol=1e-8)
    assert not np.allclose(rough.values, exact.values)
    assert np.allclose(rough.values, exact.values, rtol=0.05)


@pytest.mark.parametrize("wanted", [None, 7])
def test_contents_that_are_multiplied_apart_give_the_same_spectrum(
    wanted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = as_data(random_ratings(12, 60)).matrix
    contents = np.random.default_rng(1).normal(size=(60, 3))

    def spectrum() -> Spectrum:
        chosen = Normalisation(content=0.5)
        return decompose(matrix, (0.0, 5.0), chosen, 0, wanted, contents)

    stacked = spectrum()
    monkeypatch.setattr("training.model.embedding.APART", 0)
    apart = spectrum()
    assert len(apart.values) == (wanted or 15)
    assert np.allclose(apart.values, stacked.values)
    assert np.allclose(apart.vectors, stacked.vectors)


def test_no_more_dimensions_than_the_matrix_has() -> None:
    spectrum = factor(random_ratings(6, 9))
    assert spectrum.vectors.shape == (9, len(spectrum.values))
    assert 5 <= len(spectrum.values) <= 6
    assert (np.diff(spectrum.values) <= 0).all()


@pytest.mark.parametrize("strength", [0.0, 0.7])
@pytest.mark.parametrize("exponent", [0.0, 0.4])
def test_vectors_are_filtered_and_scaled(strength: float, exponent: float) -> None:
    ratings = random_ratings(40, 30)
    spectrum = factor(ratings)
    embedding = SpectralEmbedding(10, strength, exponent).fit(spectrum)
    counts = (~np.isnan(ratings)).sum(axis=0)
    vectors = filtered(spectrum, 10, strength)
    assert vectors.shape == (30, 20)
    assert np.allclose(embedding.vectors_, vectors * counts[:, None] ** exponent)
    source = embedding.vectors_ * embedding.fold_in_[:, None]
    assert np.allclose(source, vectors * counts[:, None] ** -0.25)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_folding_in_a_users_ratings_gives_the_scores_of_the_matrix(
    normalisation: Normalisation,
) -> None:
    ratings = random_ratings(30, 24)
    data = as_data(ratings)
    settings = Settings(normalisation, bandwidth=8, strength=0.5, output_exponent=0.3)
    spectrum = factor(ratings, normalisation)
    model = fit(data, Hyperparameters(settings, prior_strength=2.0), spectrum)
    counts = (~np.isnan(ratings)).sum(axis=0)
    vectors = filtered(spectrum, 8, 0.5)
    sources = vectors * counts[:, None] ** -normalisation.film_exponent
    prior = 2.0 * (counts @ sources) / counts.sum()
    damping = np.sum(~np.isnan(ratings), axis=1, keepdims=True) ** -normalisation.user_exponent
    users = normalised(ratings, normalisation) @ vectors + damping * prior
    expected = users @ (vectors * counts[:, None] ** 0.3).T
    for user in range(len(ratings)):
        assert np.allclose(scores(model, data, user), expected[user], atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_recommendations_stay_within_a_users_block(seed: int) -> None:
    data = as_data(block_ratings(seed=seed))
    model = fit(data, Hyperparameters(Settings(bandwidth=4), prior_strength=0.0))
    for user in range(len(data.users)):
        rated = data.matrix[user]
        profile = make_profile(
            model, [(film + 1, r) for film, r in zip(rated.indices, rated.data, strict=True)]
        )
        ranking = rank(model, profile, Strategy.MODEL, limit=3, include_rated=False)
        found = (model.film_ids[ranking.rows] - 1).tolist()
        block = range(user // 15 * 12, user // 15 * 12 + 12)
        assert set(found) == set(block) - set(rated.indices.tolist())


def test_films_of_a_block_share_cells() -> None:
    data = as_data(block_ratings())
    model = fit(data, Hyperparameters(Settings(bandwidth=4), cells=4))
    for start, end in zip(model.cell_starts[:-1], model.cell_starts[1:], strict=True):
        assert len(set((model.film_ids[start:end] - 1) // 12)) == 1


def test_a_film_without_ratings_has_a_zero_vector() -> None:
    ratings = random_ratings(20, 15)
    ratings[:, [3, 8]] = np.nan
    embedding = SpectralEmbedding().fit(factor(ratings))
    lengths = np.linalg.norm(embedding.vectors_, axis=1)
    assert np.flatnonzero(lengths < 1e-12).tolist() == [3, 8]
    assert np.isfinite(embedding.fold_in_).all()


def test_a_user_without_ratings_changes_no_vector() -> None:
    ratings = random_ratings(20, 15)
    more = np.vstack([ratings, np.full((1, 15), np.nan)])
    one, other = (SpectralEmbedding().fit(factor(table)) for table in (ratings, more))
    assert np.allclose(np.abs(one.vectors_), np.abs(other.vectors_), atol=1e-6)


@pytest.mark.parametrize("rating", [0.0, 2.5, 5.0])
@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (9, 9)])
def test_equal_ratings_give_finite_vectors(
    shape: tuple[int, int], strength: float, rating: float
) -> None:
    data = as_data(np.full(shape, rating))
    model = fit(data, Hyperparameters(Settings(strength=strength)))
    assert np.isfinite(model.vectors).all()
    assert np.isfinite(scores(model, data, 0)).all()


def test_the_same_seed_gives_the_same_bits() -> None:
    ratings = random_ratings(50, 40)
    one, two = (factor(ratings, seed=3) for _ in range(2))
    assert one.vectors.tobytes() == two.vectors.tobytes()
    assert one.values.tobytes() == two.values.tobytes()


def test_fitting_does_not_change_the_parameters() -> None:
    embedding = SpectralEmbedding(5, 0.3, 0.1)
    assert embedding.fit(factor(random_ratings(9, 8))) is embedding
    assert (embedding.bandwidth, embedding.strength, embedding.output_exponent) == (5, 0.3, 0.1)
    assert embedding.vectors_.shape == (8, 8)
    assert embedding.fold_in_.shape == (8,)
