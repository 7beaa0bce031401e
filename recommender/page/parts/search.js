// The search at the top: films by title, director or cast, the best known first.

import { address, ask, newest } from "./api.js";
import { byId, later, show } from "./dom.js";
import { card } from "./film.js";
import { tellProblem } from "./notices.js";
import { choices, choose, said } from "./state.js";
import { say } from "./texts.js";

const MATCHES = 1000; // films among which the best known are found
const SHOWN = 24;
let found = [];
let failed = false;

/** Find what is chosen to be searched. */
export const search = newest(async () => {
  const words = choices.busca.trim();
  if (!words) return () => tellFound([], 0);
  let { body, headers } = await ask(address("filmes", { q: words, limite: MATCHES }));
  const isLike = !body.length;
  if (isLike) ({ body, headers } = await ask(address("filmes", { q: beginnings(words), limite: MATCHES })));
  const among = { avaliacoes: [], entre: body.map(({ id }) => id), limite: SHOWN, estrategia: "populares" };
  const best = body.length ? (await ask("recomendacoes", among)).body : [];
  return () => tellFound(best, Number(headers.get("X-Total-Count") ?? body.length), isLike);
}, report);

function report(error) {
  failed = true;
  const again = () => {
    byId("busca").focus();
    search();
  };
  tellProblem(error, [["retry", again]]);
}

/** Search for some words as if the reader had written them. */
export function searchFor(words) {
  byId("busca").value = words;
  choose({ busca: words });
  return search();
}

/** Show the films found, with what is said of them by now. */
export function showFound(spoken) {
  show(
    byId("achados-filmes"),
    found,
    ({ id }) => id,
    (film, old) => card(film, old, spoken),
    byId("busca"),
  );
}

/** Return the first halves of words, which are often right where something later is not. */
const beginnings = (words) =>
  words
    .split(/\s+/)
    .map((word) => word.slice(0, Math.max(3, Math.ceil(word.length / 2))))
    .join(" ");

function tellFound(films, total, isLike = false) {
  if (failed) tellProblem(null);
  failed = false;
  found = films;
  byId("achados").hidden = !choices.busca.trim();
  const text = isLike && total ? "foundLike" : total > films.length ? "foundFirst" : "found";
  byId("achados-titulo").textContent = say(text, Math.min(total, films.length));
  showFound(said());
}

byId("busca").addEventListener(
  "input",
  later(() => searchFor(byId("busca").value), 200),
);
