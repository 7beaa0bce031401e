"""Singular vectors of ratings in parts, by block power iteration."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, orth, svd

from training.data.dataset import Dataset
from training.engines.parts import Parts
from training.model.embedding import (
    LEADING,
    REFERENCE,
    ROUNDING,
    Normalisation,
    Spectrum,
    half_of,
    most_vectors,
    normalise,
    orient,
    place_below,
    square_lengths,
)

BESIDES = 8  # vectors that are iterated besides those that are wanted
BLOCKS = 3  # of vectors that are kept at most
PASSES = 40  # over the ratings, at most
TOLERANCE = 3e-4  # of all residuals together, as a share of the REFERENCE-th squared value
NOISE = 1e-10  # of a block's length: what is left if all of it was in the basis before
HALF = 0.5  # of a direction's length at least is new, unless it is noise

Array = NDArray[np.float64]


def decompose(
    parts: Parts,
    counts: Array,
    mean: float,
    normalisation: Normalisation,
    seed: int,
    wanted: int,
    contents: Array,
) -> Spectrum:
    """Return the leading singular vectors, as ``training.model.embedding.decompose`` does.

    ``counts`` (n,) are the films' numbers of ratings, ``mean`` that of all ratings, ``contents``
    (n, c) as there. At most ``LEADING`` vectors are returned.
    """
    films, half_range = len(counts), half_of(parts.facts.scale)

    def measure(part: Dataset, _: int) -> list[Array]:
        return [square_lengths(normalise(part.matrix, counts, mean, half_range, normalisation))]

    below = np.zeros((films, 0))
    if normalisation.content:
        below = place_below(contents, parts.add(measure, (films,))[0], normalisation)

    def multiply(block: Array) -> Array:
        def product(part: Dataset, _: int) -> list[Array]:
            rows = normalise(part.matrix, counts, mean, half_range, normalisation)
            return [rows.T @ (rows @ block)]

        return parts.add(product, block.shape)[0] + below @ (below.T @ block)

    smaller = min(films, parts.users + below.shape[1])
    wanted = min(wanted, smaller, most_vectors(films), LEADING)
    values, vectors = iterate(multiply, films, wanted, seed)
    return Spectrum(normalisation, vectors, values, counts, mean, half_range)


def iterate(
    multiply: Callable[[Array], Array], films: int, wanted: int, seed: int
) -> tuple[Array, Array]:
    """Return singular values (d,) and right vectors (n, d) of X, given products by XᵀX.

    Each pass multiplies a block of ``wanted`` + ``BESIDES`` vectors. Blocks and images of the last
    few passes are kept, and the vectors are looked for in the space that they span, which takes far
    fewer passes than the last block alone (Musco and Musco, Randomized Block Krylov Methods, 2015).
    """
    width = min(wanted + BESIDES, films)
    block = orth(np.random.RandomState(seed).standard_normal((films, width)))
    basis, images = np.zeros((films, 0)), np.zeros((films, 0))
    for _ in range(PASSES):
        basis, images = np.hstack([basis, block]), np.hstack([images, multiply(block)])
        products = basis.T @ images
        squares, turns = eigh((products + products.T) / 2)
        squares, turns = squares[::-1][:width], turns[:, ::-1][:, :width]
        vectors, ahead = basis @ turns, images @ turns
        rest = ahead - vectors * squares
        reference = squares[min(REFERENCE, len(squares)) - 1]
        if np.linalg.norm(rest[:, :wanted]) <= TOLERANCE * reference:
            break
        block = images[:, -block.shape[1] :]
        if basis.shape[1] > (BLOCKS - 1) * width:
            basis, images, block = vectors, ahead, rest
        block = _apart(block, basis)
        if not block.shape[1]:
            break
    squares, vectors = squares[:wanted], vectors[:, :wanted]
    kept = squares > ROUNDING * squares[0]
    kept[0] = True
    return np.sqrt(np.maximum(squares[kept], 0)), orient(vectors[:, kept])


def _apart(block: Array, basis: Array) -> Array:
    """Return an orthonormal basis of what a block (n, w) adds to another basis (n, m)."""
    least = NOISE * float(np.linalg.norm(block))
    for _ in range(2):  # once leaves rounding errors of what was taken away
        block, lengths, _ = svd(block - basis @ (basis.T @ block), full_matrices=False)
        block, least = block[:, lengths > least], HALF
    return block
