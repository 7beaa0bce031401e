"""Ranking against a reference that scores every film, one by one, as the definitions say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from recommender.data.catalog import fold
from recommender.model.artifact import Model
from recommender.model.profile import Profile, find_rows, make_profile, user_group
from recommender.model.ranking import LEAST, MOST, Ranking, Strategy, explain, rank, vary
from tests.training.small_data import from_json
from training.data.dataset import Dataset
from training.model.clusters import shelve
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

Array = NDArray[np.float64]
Ratings = list[tuple[int, float]]

GENRES = ("acao", "drama", "terror")


def shares(model: Model, profile: Profile) -> Array:
    """What each rated film (columns) adds to the score of each film, as Model documents it."""
    ratings, count = profile.ratings.astype(np.float64), len(profile.rows)
    mean = (ratings.sum() + model.rating_mean_strength * model.rating_mean) / (
        count + model.rating_mean_strength
    )
    weights = 1 + model.rating_slope * (ratings - mean) / model.rating_half_range
    if model.rating_aversion:
        disliked = ratings <= model.rating_disliked
        least = model.rating_aversion / count
        weights[disliked] = np.minimum(weights[disliked], -least)
    vectors = model.vectors.astype(np.float64)
    by_film = weights * model.fold_in[profile.rows] * count**-model.user_exponent
    result: Array = vectors @ (vectors[profile.rows] * by_film[:, None]).T
    return result


def model_scores(model: Model, profile: Profile) -> Array:
    """The scores of all films: every share, and what all users like."""
    prior = model.vectors.astype(np.float64) @ model.prior
    total: Array = shares(model, profile).sum(axis=1)
    total += len(profile.rows) ** -model.user_exponent * prior
    return total


def group_scores(model: Model, profile: Profile) -> Array:
    """The centre nearest to the user among dense standardised ratings, missing = 0."""
    dense = np.zeros(len(model.film_ids))
    dense[profile.rows] = profile.ratings
    standardised = dense / model.group_scale - model.group_shift
    centers = model.group_centers.astype(np.float64)
    distances = ((centers - standardised) ** 2).sum(axis=1)
    nearest: Array = centers[np.argmin(distances)]
    return nearest


def all_scores(model: Model, profile: Profile, strategy: Strategy) -> Array:
    if strategy is Strategy.TRENDING and len(model.trend_rows):
        return model.trend.astype(np.float64)
    if strategy in (Strategy.POPULAR, Strategy.TRENDING) or not len(profile.rows):
        return model.popularity.astype(np.float64)
    if strategy is Strategy.GROUP:
        return group_scores(model, profile)
    return model_scores(model, profile)


def exact_order(
    model: Model,
    profile: Profile,
    strategy: Strategy,
    genres: Sequence[str] = (),
    excluded: Sequence[int] = (),
    include_rated: bool | None = None,
    among: Sequence[int] | None = None,
) -> list[tuple[int, float, bool]]:
    """Id, score and whether rated, of all allowed films: sorted, not searched for."""
    personal = strategy is Strategy.MODEL and len(profile.rows) > 0
    mixed = not personal if include_rated is None else include_rated
    scores = all_scores(model, profile, strategy)
    rated = set(profile.rows.tolist())
    rows = list(range(len(model.film_ids)))
    if genres:
        wanted = [i for i, name in enumerate(model.genre_names.tolist()) if name in genres]
        starts = model.genre_starts.tolist()
        rows_of = [model.genre_rows[starts[i] : starts[i + 1]].tolist() for i in wanted]
        rows = sorted({row for of_genre in rows_of for row in of_genre})
    films = [(int(model.film_ids[row]), float(scores[row]), row in rated) for row in rows]
    kept = [film for film in films if film[0] not in excluded]
    kept = [film for film in kept if among is None or film[0] in among]
    return sorted(kept, key=lambda film: (film[2] and not mixed, -film[1], film[0]))


def as_films(model: Model, ranking: Ranking) -> list[tuple[int, float, bool]]:
    ids = model.film_ids[ranking.rows].tolist()
    return list(zip(ids, ranking.scores.tolist(), ranking.rated.tolist(), strict=True))


@dataclass(frozen=True)
class Case:
    """A small model, in whose numbers there is no rounding, and a request."""

    model: Model
    ratings: Ratings
    options: dict[str, Any]

    @property
    def profile(self) -> Profile:
        return make_profile(self.model, self.ratings)


def sorted_rows(ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.lexsort((ids, -scores)).astype(np.int32)


def small_shelves(
    cell_starts: NDArray[np.int32], vectors: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """Shelves as training makes them, but for the order in which their films stand."""
    cells = len(cell_starts) - 1
    labels = np.repeat(np.arange(cells, dtype=np.int32), np.diff(cell_starts))
    shelves = shelve(labels, cells, vectors)
    names = ("cell_shelves", "shelf_cells", "shelf_starts", "shelf_lengths")
    return {name: getattr(shelves, name) for name in names}


def small_model(rng: np.random.Generator, films: int, cells: int) -> Model:
    """Return a model of small whole numbers, with many ties, and ids in no order."""
    ids = rng.choice(5 * films, films, replace=False).astype(np.int64)
    vectors = rng.integers(-2, 3, (films, 2)).astype(np.float32)
    popularity = rng.integers(0, 4, films).astype(np.float32)
    trend = rng.integers(0, 4, films * rng.integers(0, 2)).astype(np.float32)  # or no times
    groups = rng.integers(-3, 4, (3, films)).astype(np.float32)
    shift = rng.integers(0, 3, films).astype(np.float32)
    of_genre = [np.flatnonzero(rng.random(films) < 0.4) for _ in GENRES]
    cell_starts = np.sort([0, *rng.integers(0, films + 1, cells - 1), films]).astype(np.int32)
    return Model(
        film_ids=ids,
        rows_by_id=np.argsort(ids).astype(np.int64),
        title_digests=np.arange(films, dtype=np.uint32),
        vectors=vectors,
        fold_in=rng.choice([0.5, 1.0, 2.0], films).astype(np.float32),
        prior=rng.integers(-2, 3, 2).astype(np.float32),
        user_exponent=0.0,
        rating_slope=1.0,
        rating_half_range=2.0,
        rating_liked=4.0,
        rating_disliked=2.0,
        rating_aversion=float(rng.integers(0, 2)),
        rating_mean=3.0,
        rating_mean_strength=0.0,
        next_film=np.zeros((0, 0), np.float32),
        rating_decay=5.0,
        recency=0.0,
        near_rows=np.zeros((films, 0), np.int32),
        near_scores=np.zeros((films, 0), np.float32),
        cell_centers=rng.integers(-2, 3, (cells, 2)).astype(np.float32),
        cell_starts=cell_starts,
        cell_labels=np.array([f"grupo {cell}" for cell in range(cells)]),
        **small_shelves(cell_starts, vectors),
        candidates=int(rng.integers(1, films + 1)),
        popularity=popularity,
        popular_rows=sorted_rows(ids, popularity),
        trend=trend,
        trend_rows=sorted_rows(ids[: len(trend)], trend),
        group_centers=groups,
        group_rows=np.stack([sorted_rows(ids, center) for center in groups]),
        group_scale=rng.choice([0.5, 1.0, 2.0], films).astype(np.float32),
        group_shift=shift,
        group_norms=((groups.astype(np.float64) + shift) ** 2).sum(axis=1),
        genre_names=np.array(GENRES),
        genre_starts=np.cumsum([0, *map(len, of_genre)]).astype(np.int32),
        genre_rows=np.concatenate(of_genre).astype(np.int32),
        film_genres=np.zeros((films, 1), np.uint8),
        director_names=np.empty(0, np.str_),
        director_starts=np.zeros(1, np.int32),
        director_rows=np.empty(0, np.int32),
        map_places=np.zeros((0, 2), np.float32),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to 40 films: fewer than a first batch must hold, so that every cell is scored."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    model = small_model(rng, draw(st.integers(1, 40)), draw(st.integers(1, 6)))
    ids = st.sampled_from(model.film_ids.tolist())
    count = draw(st.sampled_from([0, 1, 2, 4, 8]))  # a mean of so many is exact
    rated = draw(st.lists(ids, min_size=0, max_size=count, unique=True))
    rated = rated[: 2 ** (len(rated).bit_length() - 1)] if rated else []
    options = {
        "strategy": draw(st.sampled_from(Strategy)),
        "genres": draw(st.lists(st.sampled_from([*GENRES, "nenhum"]), max_size=3)),
        "excluded": draw(st.lists(ids | st.just(-7), max_size=5)),
        "include_rated": draw(st.sampled_from([None, True, False])),
        "among": draw(st.none() | st.lists(ids | st.just(-7), max_size=10)),
    }
    return Case(model, [(film, draw(st.sampled_from([1.0, 3.0, 5.0]))) for film in rated], options)


@given(cases())
def test_any_ranking_is_the_exact_one(case: Case) -> None:
    expected = exact_order(case.model, case.profile, **case.options)
    found = rank(case.model, case.profile, **case.options, limit=50)
    assert as_films(case.model, found) == expected
    assert not found.more
    asked = case.options["strategy"]
    can = len(case.model.trend) > 0 if asked is Strategy.TRENDING else len(case.ratings) > 0
    assert found.strategy is (asked if can else Strategy.POPULAR)


@given(cases(), st.integers(1, 12))
def test_pages_of_any_size_meet(case: Case, size: int) -> None:
    expected = exact_order(case.model, case.profile, **case.options)
    films: list[tuple[int, float, bool]] = []
    more = True
    while more:
        page = rank(case.model, case.profile, **case.options, limit=size, offset=len(films))
        films += as_films(case.model, page)
        more = page.more
        assert len(page.rows) == size or not more
    assert films == expected


@pytest.fixture(scope="module")
def model(model: Model) -> Model:
    """Without genres that could lead: what those add to scores is tested in test_calibration."""
    return replace(model, film_genres=np.zeros_like(model.film_genres))


@pytest.fixture(scope="module", autouse=True, params=[0, 1000], ids=["searched", "scanned"])
def flat(request: pytest.FixtureRequest) -> Iterator[int]:
    """Catalogues of up to so many films are scored as a whole; else the index is searched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.model.index.FLAT", request.param)
        yield request.param


@pytest.fixture(scope="module")
def ratings_of(data: Dataset) -> dict[int, Ratings]:
    """Each user's (film id, rating) pairs."""
    films = data.films["id"].to_numpy()[data.ratings["film"]].tolist()
    users = data.users["id"].to_numpy()[data.ratings["user"]].tolist()
    found: dict[int, Ratings] = {user: [] for user in data.users["id"].tolist()}
    for user, film, rating in zip(users, films, data.ratings["avaliacao"].tolist(), strict=True):
        found[user].append((film, rating))
    return found


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "strategy": draw(st.sampled_from(Strategy)),
        "genres": draw(st.lists(st.sampled_from(["comedia", "drama", "faroeste"]), max_size=2)),
        "excluded": draw(st.lists(st.integers(-5, 400), max_size=20)),
        "include_rated": draw(st.sampled_from([None, True, False])),
        "among": draw(st.none() | st.lists(st.integers(-5, 400), max_size=200)),
    }


def assert_same_order(
    found: list[tuple[int, float, bool]], expected: list[tuple[int, float, bool]]
) -> None:
    """Films whose scores differ by less than single precision may change places."""
    exact = {film: (score, rated) for film, score, rated in expected}
    assert sorted(film for film, _, _ in found) == sorted(exact)
    for (film, score, rated), (_, score_there, rated_there) in zip(found, expected, strict=True):
        assert rated == exact[film][1] == rated_there
        assert score == pytest.approx(exact[film][0], abs=1e-6)
        assert score == pytest.approx(score_there, abs=1e-6)


@given(user=st.integers(1, 150), request=requests())
def test_with_all_cells_probed_the_ranking_is_the_exact_one(
    model: Model, ratings_of: dict[int, Ratings], user: int, request: dict[str, Any]
) -> None:
    whole = replace(model, candidates=len(model.film_ids))
    profile = make_profile(whole, ratings_of.get(user, []))
    found = rank(whole, profile, **request, limit=1000)
    assert_same_order(as_films(whole, found), exact_order(whole, profile, **request))


@given(user=st.integers(1, 150), request=requests(), size=st.integers(1, 100))
def test_pages_meet_on_real_data(
    model: Model, ratings_of: dict[int, Ratings], user: int, request: dict[str, Any], size: int
) -> None:
    profile = make_profile(model, ratings_of.get(user, []))
    whole = as_films(model, rank(model, profile, **request, limit=1000))
    pages: list[tuple[int, float, bool]] = []
    for offset in range(0, len(whole), size):
        page = rank(model, profile, **request, limit=size, offset=offset)
        assert page.more == (offset + size < len(whole))
        pages += as_films(model, page)
    assert pages == whole
    assert len({film for film, _, _ in whole}) == len(whole)
    expected = exact_order(model, profile, **request)
    assert sorted(film for film, _, _ in whole) == sorted(film for film, _, _ in expected)
    assert not {film for film, _, _ in whole} & set(request["excluded"])


@given(user=st.integers(1, 150), request=requests(), limit=st.integers(1, 100))
def test_scores_fall_within_the_first_page(
    model: Model, ratings_of: dict[int, Ratings], user: int, request: dict[str, Any], limit: int
) -> None:
    page = rank(model, make_profile(model, ratings_of.get(user, [])), **request, limit=limit)
    personal = page.strategy is Strategy.MODEL
    mixed = request["include_rated"] if request["include_rated"] is not None else not personal
    for part in [slice(None)] if mixed else [page.rated, ~page.rated]:
        assert (np.diff(page.scores[part]) <= 0).all()


@given(user=st.integers(1, 150), among=st.lists(st.integers(1, 392), min_size=1, unique=True))
def test_given_films_are_ranked_exactly_whatever_the_index_would_search(
    model: Model, ratings_of: dict[int, Ratings], user: int, among: list[int]
) -> None:
    scarce = replace(model, candidates=1)
    profile = make_profile(model, ratings_of.get(user, []))
    found = as_films(scarce, rank(scarce, profile, among=among, limit=1000))
    assert_same_order(found, exact_order(model, profile, Strategy.MODEL, among=among))


@pytest.mark.parametrize("diversity", [0.3, 1.0])
def test_variety_among_the_best_films_is_that_of_the_whole_list(
    model: Model, ratings_of: dict[int, Ratings], diversity: float
) -> None:
    profile = make_profile(model, ratings_of[1])
    best = [film for film, _, _ in as_films(model, rank(model, profile, limit=100))]
    found = rank(model, profile, among=best[::-1], limit=100, diversity=diversity)
    assert np.array_equal(found.rows, rank(model, profile, limit=100, diversity=diversity).rows)


def test_the_first_cells_hold_most_of_the_exact_ranking(
    model: Model, ratings_of: dict[int, Ratings]
) -> None:
    agreement = []
    for ratings in ratings_of.values():
        profile = make_profile(model, ratings)
        found = {film for film, _, _ in as_films(model, rank(model, profile, limit=10))}
        exact = [film for film, _, _ in exact_order(model, profile, Strategy.MODEL)][:10]
        agreement.append(len(found & set(exact)) / 10)
    assert model.candidates < len(model.film_ids)
    assert np.mean(agreement) > 0.8


def test_rated_films_fill_up_when_few_others_remain(
    model: Model, ratings_of: dict[int, Ratings]
) -> None:
    ratings = max(ratings_of.values(), key=len)
    others = sorted(set(model.film_ids.tolist()) - {film for film, _ in ratings})
    profile = make_profile(model, ratings)
    page = rank(model, profile, limit=5, excluded=others[:-2])
    assert page.rated.tolist() == [False, False, True, True, True]
    assert set(model.film_ids[page.rows[:2]].tolist()) == set(others[-2:])
    assert page.more


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("include_rated", [None, True, False])
def test_whether_rated_films_compete(
    model: Model, ratings_of: dict[int, Ratings], strategy: Strategy, include_rated: bool | None
) -> None:
    profile = make_profile(model, ratings_of[1])
    found = rank(model, profile, strategy, limit=1000, include_rated=include_rated)
    assert set(found.rows[found.rated].tolist()) == set(profile.rows.tolist())
    last = found.rated[-len(profile.rows) :].all()
    default = strategy is not Strategy.MODEL
    assert last == (not (default if include_rated is None else include_rated))


def test_genres_are_any_of(model: Model, data: Dataset) -> None:
    wanted = {"comedia", "faroeste"}
    found = rank(model, make_profile(model, [(1, 5.0)]), limit=1000, genres=sorted(wanted))
    expected = {
        film
        for film, genres in zip(data.films["id"].tolist(), data.genres(), strict=True)
        if wanted & {fold(genre) for genre in genres}
    }
    assert set(model.film_ids[found.rows].tolist()) == expected
    assert not len(rank(model, make_profile(model, [(1, 5.0)]), genres=["nenhum"]).rows)


@st.composite
def profiles(draw: st.DrawFn) -> Ratings:
    films = draw(st.lists(st.integers(1, 420), min_size=1, max_size=60, unique=True))
    return [(film, draw(st.integers(0, 10)) / 2) for film in films]


@given(ratings=profiles(), include_rated=st.booleans())
def test_reasons_are_the_greatest_shares_of_the_score(
    model: Model, ratings: Ratings, include_rated: bool
) -> None:
    """Liked films that raised a score and disliked ones that lowered it, if worth telling."""
    profile = make_profile(model, ratings)
    found = rank(model, profile, limit=20, include_rated=include_rated)
    if found.strategy is not Strategy.MODEL:
        return
    exact = shares(model, profile)[found.rows]
    np.testing.assert_allclose(found.scores, model_scores(model, profile)[found.rows], atol=1e-6)
    given = profile.ratings
    liked = given >= max(model.rating_liked, given.mean())
    rating_of = dict(zip(profile.rows.tolist(), given.tolist(), strict=True))
    every = explain(model, profile, found)
    for row, told, of_exact, score in zip(found.rows, every, exact, found.scores, strict=True):
        share_of = dict(zip(profile.rows.tolist(), of_exact.tolist(), strict=True))
        least = LEAST * abs(score)
        worth = (np.abs(of_exact) > least + 1e-6) & (profile.rows != row)
        worth &= np.where(of_exact > 0, liked, given <= model.rating_disliked)
        for sign, most in zip((1, -1), MOST, strict=True):
            own = [(source, abs(share)) for source, _, share in told if share * sign > 0]
            worthy = worth & (of_exact * sign > 0)
            sizes = [size for _, size in own]
            if len(own) < most:
                assert set(profile.rows[worthy].tolist()) <= {source for source, _ in own}
            else:
                assert len(own) == most
                assert np.count_nonzero(np.abs(of_exact[worthy]) > sizes[-1] + 1e-6) <= most
            assert sizes == sorted(sizes, reverse=True)
        for source, rating, share in told:
            assert source != row
            assert rating == rating_of[source]
            assert share == pytest.approx(share_of[source], abs=1e-6)
            assert abs(share) >= LEAST * abs(score)
            assert rating_of[source] >= 4 if share > 0 else rating_of[source] <= 1.7


def test_only_the_model_gives_reasons(model: Model) -> None:
    profile = make_profile(model, [(1, 5.0)])
    for strategy in (Strategy.GROUP, Strategy.POPULAR):
        assert explain(model, profile, rank(model, profile, strategy)) == [[]] * 5


def test_the_group_is_the_label_that_scikit_learn_gives(
    model: Model, data: Dataset, ratings_of: dict[int, Ratings]
) -> None:
    standardised = StandardScaler().fit_transform(data.matrix.toarray())
    kmeans = KMeans(5, n_init=10, random_state=42).fit(standardised)
    groups = [user_group(model, make_profile(model, ratings)) for ratings in ratings_of.values()]
    assert groups == kmeans.labels_.tolist()


def test_films_that_the_model_lacks_are_passed_over(model: Model) -> None:
    known = make_profile(model, [(3, 4.0), (5, 1.0)])
    mixed = make_profile(model, [(-1, 5.0), (3, 4.0), (10**6, 5.0), (5, 1.0), (2**63 - 1, 0.0)])
    np.testing.assert_array_equal(known.rows, mixed.rows)
    np.testing.assert_array_equal(known.ratings, mixed.ratings)
    assert find_rows(model, [-1, 0, 10**6]).tolist() == [-1, -1, -1]


@pytest.mark.parametrize("ratings", [[], [(10**6, 5.0)]])
@pytest.mark.parametrize("strategy", [*set(Strategy) - {Strategy.TRENDING}])
def test_without_ratings_the_popular_films_come(
    model: Model, ratings: Ratings, strategy: Strategy
) -> None:
    found = rank(model, make_profile(model, ratings), strategy)
    assert found.strategy is Strategy.POPULAR
    assert found.rows.tolist() == model.popular_rows[:5].tolist()
    assert not found.rated.any()
    assert explain(model, make_profile(model, ratings), found) == [[]] * 5


@pytest.mark.parametrize("ratings", [[], [(1, 5.0)]])
def test_what_is_trending_needs_times_and_no_ratings(model: Model, ratings: Ratings) -> None:
    profile = make_profile(model, ratings)
    found = rank(model, profile, Strategy.TRENDING)
    assert found.strategy is Strategy.TRENDING
    assert found.rows.tolist() == model.trend_rows[:5].tolist()
    timeless = replace(model, trend=model.trend[:0], trend_rows=model.trend_rows[:0])
    found = rank(timeless, profile, Strategy.TRENDING)
    assert found.strategy is Strategy.POPULAR
    assert found.rows.tolist() == model.popular_rows[:5].tolist()


def fit_small(films: int, users: int = 2) -> Model:
    ids = range(1, films + 1)
    document = {
        "usuarios": [{"id": u, "nome": "A", "email": ""} for u in range(1, users + 1)],
        "filmes": [
            {"id": i, "titulo": f"F{i}", "genero": "", "diretor": "", "atores": ""} for i in ids
        ],
        "avaliacoes": [{"usuario_id": 1, "filme_id": i, "avaliacao": 1 + i % 5} for i in ids],
    }
    return fit(from_json(str(document).replace("'", '"').encode(), "small"), Hyperparameters())


@pytest.mark.parametrize("strategy", Strategy)
def test_a_catalogue_of_one_film(strategy: Strategy) -> None:
    model = fit_small(1)
    assert as_films(model, rank(model, make_profile(model, []), strategy))[0][0] == 1
    found = rank(model, make_profile(model, [(1, 2.0)]), strategy)
    assert found.strategy is (Strategy.POPULAR if strategy is Strategy.TRENDING else strategy)
    assert model.film_ids[found.rows].tolist() == [1]
    assert found.rated.tolist() == [True]
    assert not found.more
    assert explain(model, make_profile(model, [(1, 2.0)]), found) == [[]]
    assert not len(rank(model, make_profile(model, [(1, 2.0)]), strategy, excluded=[1]).rows)


@pytest.mark.parametrize("strategy", Strategy)
def test_fewer_films_than_asked_for(strategy: Strategy) -> None:
    model = fit_small(3)
    found = rank(model, make_profile(model, [(2, 5.0)]), strategy, limit=100)
    assert sorted(model.film_ids[found.rows].tolist()) == [1, 2, 3]
    assert not found.more
    assert not len(rank(model, make_profile(model, [(2, 5.0)]), strategy, offset=3).rows)


def test_equal_scores_stand_in_order_of_film_id() -> None:
    model = small_model(np.random.default_rng(1), 30, 4)
    model = replace(model, vectors=np.ones_like(model.vectors))
    model = replace(model, fold_in=np.ones_like(model.fold_in))
    profile = make_profile(model, [(int(model.film_ids[7]), 3.0)])
    for limit in (1, 4, 29):
        ids = model.film_ids[rank(model, profile, limit=limit).rows].tolist()
        others = sorted(set(model.film_ids.tolist()) - {int(model.film_ids[7])})
        assert ids == others[:limit]


@given(ratings=profiles(), diversity=st.floats(0, 1))
def test_diversity_reorders_the_hundred_best_and_nothing_else(
    model: Model, ratings: Ratings, diversity: float
) -> None:
    profile = make_profile(model, ratings)
    plain = rank(model, profile, limit=500)
    varied = rank(model, profile, limit=500, diversity=diversity)
    assert sorted(varied.rows[:100].tolist()) == sorted(plain.rows[:100].tolist())
    assert varied.rows[100:].tolist() == plain.rows[100:].tolist()
    assert varied.rows[0] == plain.rows[0] or diversity == 1
    scores = dict(zip(plain.rows.tolist(), plain.scores.tolist(), strict=True))
    assert [scores[row] for row in varied.rows.tolist()] == varied.scores.tolist()
    assert not any(varied.rated[: np.argmax(plain.rated)]) or not plain.rated.any()


def test_no_diversity_leaves_the_order_alone_and_full_diversity_takes_the_unlike_first() -> None:
    vectors = np.array([[1, 0], [1, 0.01], [0, 1], [-1, 0]], np.float32)
    scores = np.array([1, 0.9, 0.5, 0.1], np.float32)
    assert vary(vectors, scores, 0.0).tolist() == [0, 1, 2, 3]
    assert vary(vectors, scores, 0.5).tolist() == [0, 2, 3, 1]
    assert vary(vectors, scores, 1.0).tolist() == [0, 2, 3, 1]


def test_diversity_makes_lists_more_diverse(model: Model) -> None:
    profile = make_profile(model, [(film, 4.0) for film in range(21, 31)])

    def likeness(diversity: float) -> float:
        vectors = model.vectors[rank(model, profile, limit=10, diversity=diversity).rows]
        directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return float((directions @ directions.T).mean())

    likenesses = [likeness(step / 4) for step in range(5)]
    assert max(likenesses[1:]) < likenesses[0]
