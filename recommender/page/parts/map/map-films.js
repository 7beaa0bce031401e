// The films of the map as arrays, and questions about them: by title, by place, by direction.

export const SHOWN = 10; // groups with a colour and a line in the legend
const STEP = 10; // pixels at least to a neighbour: what is nearer needs more zoom
const LETTERS = { ø: "o", æ: "ae", œ: "oe", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i", ħ: "h", ŧ: "t", ß: "ss" };

// Words after single blanks, without case, accents and punctuation, as the API folds them.
const fold = (text) =>
  ` ${text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[øæœłđðþıħŧß]/g, (letter) => LETTERS[letter])
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()}`;

/**
 * Arrange the answer of `mapa.json`: places from 0 to 1 (`y` from the top), sizes from 0 to 1, groups with
 * the most viewers first. A film's `slot` is the place of its group among these, at most SHOWN.
 */
export function arrange({ filmes, grupos }) {
  const shares = filmes.popularidade;
  const most = Math.max(...shares) || 1;
  const sizes = shares.map((share) => Math.sqrt(share / most));
  const viewers = new Map();
  filmes.grupo.forEach((group, row) => viewers.set(group, (viewers.get(group) ?? 0) + shares[row]));
  const groups = grupos
    .map(({ id, rotulo }) => ({ id, ...readLabel(rotulo, id, filmes) }))
    .sort((one, other) => viewers.get(other.id) - viewers.get(one.id));
  const order = new Map(groups.map(({ id }, place) => [id, place]));
  return {
    count: sizes.length,
    ids: filmes.id,
    titles: filmes.titulo_exibido,
    shares,
    sizes,
    groups,
    x: spread(filmes.x, sizes),
    y: spread(
      filmes.y.map((value) => -value),
      sizes,
    ),
    slots: filmes.grupo.map((group) => Math.min(order.get(group), SHOWN)),
    groupOf: (row) => groups[order.get(filmes.grupo[row])],
    rows: new Map(filmes.id.map((id, row) => [id, row])),
    words: filmes.titulo_exibido.map(fold),
  };
}

// Well-known films crowd in the middle of the components: more room where more is known, in the same order.
function spread(values, sizes) {
  const rows = [...values.keys()].sort((one, other) => values[one] - values[other]);
  const low = values[rows[0]],
    range = values[rows.at(-1)] - low || 1;
  const total = sizes.reduce((sum, size) => sum + size + 0.1, 0);
  const places = new Float32Array(values.length);
  let before = 0,
    rank = 0,
    last;
  for (const row of rows) {
    if (values[row] !== last) rank = before;
    last = values[row];
    before += (sizes[row] + 0.1) / total;
    places[row] = (0.35 * (last - low)) / range + 0.65 * rank;
  }
  return places;
}

// "comédia, de Fulano: A, B, C", or only "A, B, C", where a title may have a colon of its own.
function readLabel(label, group, filmes) {
  const cut = label.indexOf(": ");
  const onlyFilms =
    cut < 0 ||
    filmes.titulo_exibido.some((title, row) => filmes.grupo[row] === group && `${label}, `.startsWith(`${title}, `));
  return onlyFilms ? { kind: "", examples: label } : { kind: label.slice(0, cut), examples: label.slice(cut + 2) };
}

/** The films (rows) with words that begin as those of a text do, the best known first; null: no words. */
export function search(films, text) {
  const wanted = fold(text).split(" ").filter(Boolean);
  return wanted.length
    ? [...films.words.keys()].filter((row) => wanted.every((word) => films.words[row].includes(` ${word}`)))
    : null;
}

/** Where somebody is: {x, y}, the mean of the liked films' places, weighted by rating; or null. */
export function locate(films, ratings) {
  let x = 0,
    y = 0,
    weight = 0;
  for (const [id, rating] of ratings) {
    const row = films.rows.get(id);
    if (row === undefined || !(rating > 0)) continue;
    x += rating * films.x[row];
    y += rating * films.y[row];
    weight += rating;
  }
  return weight ? { x: x / weight, y: y / weight } : null;
}

/** A function that gives the film at a pixel or at most `reach` from it, among the lit ones; or -1. */
export function makeHit(films, view, radius) {
  const side = Math.ceil(Math.sqrt(films.count / 4)); // of a grid with films in its cells
  const cell = (place) => Math.min(side - 1, Math.max(0, Math.floor(place * side)));
  const cells = Array.from({ length: side * side }, () => []);
  films.ids.forEach((_, row) => cells[cell(films.y[row]) * side + cell(films.x[row])].push(row));
  return (x, y, reach, lit) => {
    let best = -1,
      least = reach;
    const far = radius(0) + reach; // the best known film is the largest
    for (let down = cell(view.fromY(y - far)); down <= cell(view.fromY(y + far)); down++) {
      for (let along = cell(view.fromX(x - far)); along <= cell(view.fromX(x + far)); along++) {
        for (const row of cells[down * side + along]) {
          const apart = Math.hypot(view.toX(films.x[row]) - x, view.toY(films.y[row]) - y) - radius(row);
          const rank = apart > 0 ? apart : row - films.count; // of films over each other, the best known is on top
          if (rank < least && (!lit || lit[row])) {
            least = rank;
            best = row;
          }
        }
      }
    }
    return best;
  };
}

/** The film nearest to another in a direction ([1, 0] is right), among the lit ones; or -1. */
export function neighbour(films, view, from, [right, down], lit) {
  let best = -1,
    least = Infinity;
  for (let row = 0; row < films.count; row++) {
    if (lit && !lit[row]) continue;
    const dx = view.toX(films.x[row]) - view.toX(films.x[from]);
    const dy = view.toY(films.y[row]) - view.toY(films.y[from]);
    const ahead = dx * right + dy * down,
      aside = Math.abs(dx * down + dy * right);
    if (ahead < STEP || aside > 2 * ahead || ahead + 2 * aside >= least) continue;
    least = ahead + 2 * aside;
    best = row;
  }
  return best;
}
