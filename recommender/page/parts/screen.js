// What is asked of the API for the person whom the page is for.

import { address, ask } from "./api.js";
import { deckOf } from "./lists.js";
import { readUsers } from "./people.js";
import { choices, facts, said } from "./state.js";

const LIMIT = 12; // films of the list
const RATINGS = 1000; // that a body takes
const EXCLUDED = 200; // films left out, as addresses hold no more
const wordOf = ({ id, nota }) => `${id}:${nota}`;
const refused = new Set(); // ratings that the model does not take: it may be newer than they are
let theirs = { id: "", ratings: [], total: 0 }; // of the user that was asked for last

/** Return what is said of films, as the API takes it. */
export const given = () =>
  said()
    .notas.filter((film) => !refused.has(wordOf(film)))
    .slice(-RATINGS)
    .map(({ id, nota }) => ({ filme_id: id, avaliacao: nota }));

function wishes() {
  const { vistos, fora } = said();
  return {
    genero: choices.genero ? [choices.genero] : [],
    excluir: [...(choices.vistos ? [] : vistos), ...fora].slice(-EXCLUDED).map(({ id }) => id),
    diversidade: Number(choices.variedade),
    // Films are rated here in no order that means anything, those of the data in the order in which they were seen.
    ...(facts.momentos && (choices.seguir || !choices.usuario) && { recencia: Number(choices.seguir) }),
  };
}

/**
 * Ask for a screen. Return its `films` and by which `strategy` they were chosen, the `line` of a first screen that they
 * are, if any, the other `lines`, the `difference` that additions make for a user of the data, what that user has rated
 * (`theirs`, of `total`), and the `version` of the model.
 */
export async function readScreen() {
  const avaliacoes = given();
  try {
    return await readFor(choices.usuario, avaliacoes);
  } catch (error) {
    const places = (error.faults || []).map((field) => /^avaliacoes\.(\d+)\./.exec(field)?.[1]).filter(Boolean);
    if (!places.length) throw error;
    for (const place of places) {
      const { filme_id: id, avaliacao: nota } = avaliacoes[place];
      refused.add(wordOf({ id, nota }));
    }
    return readScreen();
  }
}

async function readFor(user, avaliacoes) {
  // Somebody of whom nothing is known gets the first line of a first screen; everybody else a list of their own.
  const own = user || avaliacoes.length || choices.estrategia !== "padrao" || choices.vistos;
  const options = { estrategia: choices.estrategia, incluir_avaliados: Boolean(choices.vistos), limite: LIMIT };
  const wished = wishes();
  const deck = deckOf(said());
  // Shown beside the list, unless there would be little else to show.
  if (!own && !choices.genero && facts.filmes.length > 2 * deck.length)
    wished.excluir.push(...deck.map(({ id }) => id));
  const known = theirs.id === user ? theirs : null;
  const [home, list, rated] = await Promise.all([
    user ? ask(address(`usuarios/${user}/inicio`, wished)) : ask("inicio", { ...wished, avaliacoes }),
    own ? ask(user ? `usuarios/${user}/recomendacoes` : "recomendacoes", { ...wished, ...options, avaliacoes }) : null,
    user && !known ? ask(address(`usuarios/${user}/avaliacoes`, { limite: RATINGS })) : null,
    user ? readUsers().catch(() => null) : null, // for their name
  ]);
  const told = rated && { id: user, ratings: rated.body, total: Number(rated.headers.get("X-Total-Count")) };
  if (told) theirs = told;
  const { linhas } = home.body;
  const line = own ? null : linhas[0];
  return {
    films: line ? line.filmes : !own ? [] : user ? list.body.recomendacoes : list.body,
    strategy: (list || home).headers.get("X-Estrategia"),
    line,
    lines: linhas.filter((one) => one !== line && one.tipo !== "para_voce"),
    difference: user && avaliacoes.length ? list.body.diferenca : null,
    theirs: (told || known)?.ratings ?? [],
    total: (told || known)?.total ?? 0,
    version: home.headers.get("X-Versao"),
  };
}
