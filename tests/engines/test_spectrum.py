"""Block power iteration against the exact decomposition, on small matrices of any kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.engines.spectrum import iterate

Array = NDArray[np.float64]


def products(values: Array, vectors: Array) -> Array:
    """V f Vᵀ with a ridge of the size of the 16th squared value, as the embedding has."""
    squares = values**2
    ridge = squares[min(16, len(squares)) - 1]
    return np.asarray((vectors * (squares / (squares + ridge))) @ vectors.T)


def exact(matrix: Array, wanted: int) -> tuple[Array, Array]:
    _, values, rows = np.linalg.svd(matrix, full_matrices=False)
    return values[:wanted], rows[:wanted].T


@given(
    users=st.integers(1, 60),
    films=st.integers(1, 40),
    share=st.floats(0.02, 1),
    rank=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_any_small_matrix_gives_its_singular_vectors(
    users: int, films: int, share: float, rank: int, seed: int
) -> None:
    """All of them, so that no gap is needed; matrices may be empty, of low rank, wide or tall."""
    random = np.random.RandomState(seed)
    matrix = random.standard_normal((users, rank)) @ random.standard_normal((rank, films))
    matrix *= random.rand(users, films) < share
    wanted = min(users, films)
    values, vectors = iterate(lambda block: matrix.T @ (matrix @ block), films, wanted, seed)
    assert vectors.T @ vectors == pytest.approx(np.eye(len(values)), abs=1e-8)
    if matrix.any():
        expected = exact(matrix, len(values))
        ahead = products(*expected)
        assert np.linalg.norm(products(values, vectors) - ahead) < 1e-3 * np.linalg.norm(ahead)


@pytest.mark.parametrize("wanted", [3, 20, 60])
def test_the_leading_vectors_of_a_slowly_falling_spectrum(wanted: int) -> None:
    """Singular values fall as those of ratings do: hardly at all at the cut."""
    random = np.random.RandomState(wanted)
    left, right = (np.linalg.qr(random.standard_normal((n, 300)))[0] for n in (400, 300))
    matrix = (left * (np.arange(300) + 1.0) ** -0.5) @ right.T
    calls = 0

    def multiply(block: Array) -> Array:
        nonlocal calls
        calls += 1
        assert block.shape[1] <= wanted + 8
        return np.asarray(matrix.T @ (matrix @ block))

    values, vectors = iterate(multiply, 300, wanted, 1)
    ahead = exact(matrix, wanted)
    assert values == pytest.approx(ahead[0], rel=1e-3)
    squares = ahead[0] ** 2
    assert np.linalg.norm((vectors * values**2) @ vectors.T - (ahead[1] * squares) @ ahead[1].T) < (
        1e-3 * np.linalg.norm(squares)
    )
    assert calls <= 30
