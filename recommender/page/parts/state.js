// What the reader has chosen (in the address, to share) and said of films (in this browser only).

/** What the server wrote into the page: of the model, `escala`, `passo`, `linhagem`, `generos`, and films to begin with. */
export const facts = JSON.parse(document.getElementById("dados").textContent);

const [low, high] = facts.escala;
const near = (rating) => (facts.passo ? low + facts.passo * Math.round((rating - low) / facts.passo) : rating);
const part = (share) => Number(Math.min(high, Math.max(low, near(low + share * (high - low)))).toFixed(6));

/** What a thumb up and a thumb down mean on the data's scale. Where people only say what they saw, there is no down. */
export const LIKED = part(0.9);
export const DISLIKED = low < high ? part(0.1) : null;
/** The ratings to choose from: all, or five where there are more than ten. */
export const GRADES = grades();

function grades() {
  const all = facts.passo ? Math.round((high - low) / facts.passo) + 1 : Infinity;
  const some =
    all <= 11
      ? Array.from({ length: all }, (_, place) => low + place * facts.passo)
      : [0, 0.25, 0.5, 0.75, 1].map(part);
  return [...new Set(some.map((rating) => Number(rating.toFixed(6))))];
}

/** How much a rating says for (1) or against (-1) a film. */
export const leaning = (rating) => (low < high ? (2 * (rating - low)) / (high - low) - 1 : 1);

/** More variety than this puts films into a list that have little to do with the reader. */
export const MOST_VARIED = 0.6;

// The choices, by their names in the address. Those with the value here are left out of it.
const DEFAULTS = {
  genero: "",
  variedade: "0",
  seguir: "",
  estrategia: "padrao",
  vistos: "",
  usuario: "",
  filme: "",
  busca: "",
  lingua: "",
};

export const choices = { ...DEFAULTS };

export function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of Object.keys(DEFAULTS)) choices[name] = query.get(name) ?? DEFAULTS[name];
  for (const name of ["usuario", "filme"]) if (!/^(-?[1-9][0-9]{0,15}|0)?$/.test(choices[name])) choices[name] = "";
  const variety = Number(choices.variedade);
  choices.variedade = variety >= 0 && variety <= MOST_VARIED ? String(variety) : DEFAULTS.variedade;
  if (choices.seguir !== "1") choices.seguir = DEFAULTS.seguir;
  if (!["padrao", "grupo", "populares", "em_alta"].includes(choices.estrategia))
    choices.estrategia = DEFAULTS.estrategia;
}

/** Change choices, and the address with them; `step` makes it one that the Back button undoes. */
export function choose(changes, { step = false } = {}) {
  Object.assign(choices, changes);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(choices)) if (value !== DEFAULTS[name]) query.set(name, value);
  const text = query.toString();
  history[step ? "pushState" : "replaceState"](null, "", text ? `?${text}` : location.pathname);
}

// What was said of films, apart for oneself ("eu") and for each user of the data that one looks at. Another data set
// has other films, so it has a key of its own.
const key = () => `filmes:${facts.linhagem}:${choices.usuario || "eu"}`;

const memory = new Map(); // where nothing may be stored, it lasts as long as the page

/** Return what was said: `notas` are films with `nota`, the newest last; `vistos` and `fora` are films without one. */
export function said() {
  let text = memory.get(key());
  try {
    text ??= localStorage.getItem(key());
  } catch {
    // Storage is refused.
  }
  return readSaid(text);
}

/** Read what was said; whatever the page cannot have written counts as not said. */
function readSaid(text) {
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // It is damaged.
  }
  const list = (name) =>
    (Array.isArray(found?.[name]) ? found[name] : []).filter(
      (film) => Number.isSafeInteger(film?.id) && typeof film.titulo_exibido === "string",
    );
  return {
    notas: list("notas").filter(({ nota }) => Number.isFinite(nota)),
    vistos: list("vistos"),
    fora: list("fora"),
  };
}

/** Return a function that brings back what is said now, also when the page is for somebody else by then. */
export function remember() {
  const [name, text] = [key(), JSON.stringify(said())];
  return () => write(name, text);
}

function write(name, text) {
  try {
    localStorage.setItem(name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
  }
}

/** Forget all that was said of films of this data; return a function that brings it back. */
export function forget() {
  const forgotten = new Map();
  try {
    for (const name of Object.keys(localStorage).filter((one) => one.startsWith(`filmes:${facts.linhagem}:`))) {
      forgotten.set(name, localStorage.getItem(name));
      localStorage.removeItem(name);
    }
  } catch {
    // Storage is refused.
  }
  memory.forEach((text, name) => forgotten.set(name, text)); // newer than what is stored, if that is full
  memory.clear();
  return () => forgotten.forEach((text, name) => write(name, text));
}

/** Say of a film: a number is a rating, "vistos" or "fora" puts it there, null takes everything back. */
export function sayOf(film, what) {
  const found = said();
  const kept = {
    id: film.id,
    titulo_exibido: film.titulo_exibido,
    genero: film.genero,
    diretor: film.diretor,
    atores: film.atores,
    grupo: film.grupo,
  };
  for (const list of Object.keys(found)) found[list] = found[list].filter(({ id }) => id !== film.id);
  if (typeof what === "number") found.notas.push({ ...kept, nota: what });
  else if (what) found[what].push(kept);
  write(key(), JSON.stringify(found));
}

/** Return what is said of a film: a rating, "vistos", "fora", or null. */
export function wordOn(id, found = said()) {
  const rated = found.notas.find((film) => film.id === id);
  if (rated) return rated.nota;
  return ["vistos", "fora"].find((list) => found[list].some((film) => film.id === id)) || null;
}
