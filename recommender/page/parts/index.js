// The page: what the reader does, what is asked for it, and what is shown.

import { address, ask, newest } from "./api.js";
import { byId, later, make, show } from "./dom.js";
import { card, films, meaningOf } from "./film.js";
import { showDeck, showList, showRows, showSaid, showToday } from "./lists.js";
import { openPeople, readUsers, userName } from "./people.js";
import { fillSheet, readSheet } from "./sheet.js";
import { choices, choose, facts, forget, keep, leaning, readAddress, said, sayOf, wordOn } from "./state.js";
import { language, say, speak, translate } from "./texts.js";

const LIMIT = 12; // films of the list and of a row
const RATINGS = 1000; // that a body takes
const EXCLUDED = 200; // films left out, as addresses hold no more
const FOUND = 24; // films of a search that are shown

let theirs = { id: "", notas: [] }; // what the user of the data that is looked at has rated
let shownList = null;
let found = []; // films of the search
let sheet = null;
let map = null;

// What is said and what is chosen, as the API takes it.

function given() {
  return said().notas.slice(-RATINGS).map(({ id, nota }) => ({ filme_id: id, avaliacao: nota }));
}

function wishes() {
  const { vistos, fora } = said();
  return {
    genero: choices.genero ? [choices.genero] : [],
    excluir: [...(choices.vistos ? [] : vistos), ...fora].slice(-EXCLUDED).map(({ id }) => id),
    diversidade: Number(choices.variedade),
    ...(choices.seguir && { recencia: Number(choices.seguir) }),
  };
}

// Asking and showing.

const refresh = newest(async () => {
  const user = choices.usuario;
  const additions = given();
  // Somebody of whom nothing is known gets the first line of a first screen; everybody else a list of their own.
  const own = user || additions.length || choices.estrategia !== "padrao" || choices.vistos;
  const options = { ...wishes(), limite: LIMIT, estrategia: choices.estrategia, incluir_avaliados: Boolean(choices.vistos), avaliacoes: additions };
  const [home, list, rated] = await Promise.all([
    user ? ask(address(`usuarios/${user}/inicio`, wishes())) : ask("inicio", { ...wishes(), avaliacoes: additions }),
    own ? ask(user ? `usuarios/${user}/recomendacoes` : "recomendacoes", options) : null,
    user && theirs.id !== user ? ask(address(`usuarios/${user}/avaliacoes`, { limite: RATINGS })) : null,
    user ? readUsers().catch(() => null) : null,
  ]);
  return () => {
    if (rated) theirs = { id: user, notas: rated.body };
    if (!user) theirs = { id: "", notas: [] };
    const { linhas } = home.body;
    const line = own ? null : linhas[0];
    const listed = line ? line.filmes : own ? (user ? list.body.recomendacoes : list.body) : [];
    const difference = user && additions.length ? list.body.diferenca : null;
    shownList = { films: listed, difference, line, lines: linhas.filter((one) => one !== line && one.tipo !== "para_voce"),
      strategy: (list || home).headers.get("X-Estrategia"), version: home.headers.get("X-Versao") };
    for (const film of [...listed, ...linhas.flatMap(({ filmes }) => filmes)]) films.set(film.id, { ...films.get(film.id), ...film });
    tellProblem(null);
    render();
    byId("estado").textContent = listed.length ? say("listNow", byId("lista-titulo").textContent, listed.length, listed[0].titulo_exibido) : say("noFilms");
  };
}, tellProblem);

function titleOfList({ line, strategy }) {
  const user = choices.usuario && userName(choices.usuario);
  if (user) return [say(given().length ? "listWith" : "listOf", user), say(`${strategy}Reason`)];
  return line ? [say("rowTitle", line), say("rowReason", line)] : [say(strategy === "padrao" ? "forYou" : strategy), say(`${strategy}Reason`)];
}

/** Show everything again: what was answered last, with what is said by now. */
function render() {
  const spoken = said();
  const user = choices.usuario;
  byId("pessoa").textContent = user ? userName(user) : say("me");
  byId("pessoa").title = say("pickUser");
  byId("voltar").hidden = !user;
  byId("gostos-titulo").textContent = user ? say("deckTitleOf", userName(user)) : say("deckTitle");
  byId("gostos-dica").textContent = user ? say("whatIf", userName(user)) : say("deckHint");
  showDeck(spoken, theirs.notas.map(({ filme_id: id }) => ({ id })));
  showSaid(spoken);
  showTheirs();
  fillControls();
  renderFound(spoken);
  if (!shownList) byId("lista-titulo").textContent = say("loading");
  else {
    const [title, reason] = titleOfList(shownList);
    showList({ ...shownList, title, reason }, spoken);
    showToday(shownList);
    showRows(shownList.lines, new Set([...shownList.films.map(({ id }) => id), ...spoken.fora.map(({ id }) => id)]), spoken);
    byId("versao").textContent = say("version", shownList.version.slice(0, 12));
  }
  map?.place(new Map([...theirs.notas.map((film) => [film.filme_id, leaning(film.avaliacao)]), ...spoken.notas.map(({ id, nota }) => [id, leaning(nota)])]));
}

function showTheirs() {
  const box = byId("notas-dele");
  box.hidden = !theirs.id;
  if (!theirs.id) return;
  const [summary, list] = box.children;
  summary.textContent = say("theirRatings", userName(theirs.id), theirs.notas.length);
  const rated = [...theirs.notas].sort((one, other) => other.avaliacao - one.avaliacao);
  list.replaceChildren(...rated.map((film) => make("li", { "data-film": film.filme_id },
    make("button", { type: "button", className: "link", "data-act": "open" }, film.titulo_exibido), make("span", {}, `★ ${film.avaliacao.toLocaleString(language())}`))));
}

function tellProblem(error) {
  const retry = () => {
    byId("lista-titulo").focus();
    refresh();
  };
  byId("problema").replaceChildren(...(error ? [make("p", { className: "fault" }, error.message), button("retry", retry),
    ...(choices.usuario ? [button("backToMe", () => become(""))] : [])] : []));
}

function button(text, act) {
  const found = make("button", { type: "button" }, say(text));
  found.addEventListener("click", act);
  return found;
}

// Saying something of a film.

const TOLD = { like: "didLike", dislike: "didDislike", seen: "didSeen", dismiss: "didDismiss", takeBack: "didTakeBack" };

function speakOf(film, act, grade) {
  const before = said();
  const what = act === "grade" ? grade : act === "takeBack" ? null : meaningOf(act);
  const repeated = wordOn(film.id, before) === what;
  sayOf(film, repeated ? null : what);
  tell(say(repeated ? "didTakeBack" : act === "grade" ? "didRate" : TOLD[act], film.titulo_exibido, grade), () => keep(before));
  render();
  if (sheet) refillSheet();
  refresh();
}

/** Tell what was done; `undo`, if it can be undone. */
function tell(text, undo) {
  byId("aviso").hidden = false;
  byId("aviso-texto").textContent = text;
  byId("desfazer").hidden = !undo;
  byId("desfazer").onclick = () => {
    undo();
    byId("aviso").hidden = true;
    byId("lista-titulo").focus({ preventScroll: true });
    render();
    if (sheet) refillSheet();
    refresh();
  };
}

// One film.

async function openSheet(id, step = true) {
  if (String(id) !== choices.filme) choose({ filme: String(id) }, { step });
  const dialog = byId("ficha");
  try {
    sheet = await readSheet(id);
    if (choices.filme !== String(id)) return;
    fillSheet(sheet);
    if (!dialog.open) dialog.showModal();
    byId("ficha-titulo").focus();
    dialog.scrollTop = 0;
  } catch (error) {
    choose({ filme: "" });
    tellProblem(error);
  }
}

function refillSheet() {
  const { act, grade } = document.activeElement?.dataset ?? {};
  const holder = document.activeElement?.closest("[data-film]")?.dataset.film;
  fillSheet(sheet);
  const again = byId("ficha").querySelector(`[data-film="${holder}"] [data-act="${act}"]${grade ? `[data-grade="${grade}"]` : ""}`);
  if (byId("ficha").open) (again || byId("ficha-titulo")).focus();
}

byId("ficha").addEventListener("close", () => {
  sheet = null;
  if (choices.filme) choose({ filme: "" });
  if (document.activeElement === document.body) byId("lista-titulo").focus({ preventScroll: true });
});

// Searching.

const search = newest(async () => {
  const words = choices.busca.trim();
  if (!words) return () => showFound([], 0);
  const { body, headers } = await ask(address("filmes", { q: words, limite: 1000 }));
  const total = Number(headers.get("X-Total-Count"));
  const best = body.length ? (await ask("recomendacoes", { avaliacoes: [], entre: body.map(({ id }) => id), limite: FOUND, estrategia: "populares" })).body : [];
  return () => showFound(best, total);
}, tellProblem);

function showFound(films, total) {
  found = films;
  byId("achados").hidden = !choices.busca.trim();
  byId("achados-titulo").textContent = total > found.length ? say("foundFirst", found.length) : say("found", total);
  renderFound(said());
}

function renderFound(spoken) {
  show(byId("achados-filmes"), found, ({ id }) => id, (film, old) => card(film, old, spoken), byId("busca"));
}

function searchFor(words) {
  byId("busca").value = words;
  choose({ busca: words });
  return search();
}

// Choices.

function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([name, text]) => make("option", { value: name }, text)));
  select.value = value;
}

function fillControls() {
  const genres = [...facts.generos].sort((one, other) => one.localeCompare(other, language()));
  options(byId("genero"), [["", say("allGenres")], ...genres.map((name) => [name, name])], choices.genero);
  const strategies = ["padrao", "grupo", "populares", ...(facts.em_alta ? ["em_alta"] : [])];
  options(byId("estrategia"), strategies.map((name) => [name, say(name)]), choices.estrategia);
  options(byId("seguir"), [["", say("nextDefault")], ["0", say("nextElse")], ["1", say("nextNext")]], choices.seguir);
  byId("seguir-campo").hidden = !facts.momentos;
  byId("seguir").disabled = choices.estrategia !== "padrao";
  byId("variedade").value = choices.variedade;
  byId("vistos").checked = Boolean(choices.vistos);
  const active = [choices.genero, choices.estrategia !== "padrao" && say(choices.estrategia), choices.variedade !== "0" && say("variety"),
    choices.seguir && say(choices.seguir === "1" ? "nextNext" : "nextElse"), choices.vistos && say("withSeen")].filter(Boolean);
  byId("ajustes-ativos").textContent = active.join(" · ");
}

function change(changes, step = false) {
  choose(changes, { step });
  fillControls();
  refresh();
}

function become(user) {
  shownList = user === choices.usuario ? shownList : null;
  byId("aviso").hidden = true;
  choose({ usuario: user }, { step: true });
  byId("lista-titulo").focus({ preventScroll: true });
  render();
  refresh();
}

// The map is read when it comes near the view, or when somebody looks for a film on it.

async function openMap() {
  if (map) return map;
  try {
    const { createMap } = await import("./map/map.js");
    map ??= createMap(byId("mapa-tela"), { ask: async (path) => (await ask(path)).body, language, open: openSheet });
    await map.load();
    render();
  } catch { // offline, or a server of another version
    byId("mapa-tela").replaceChildren(make("p", { className: "fault" }, say("unreachable")), button("retry", () => location.reload()));
  }
  return map;
}

async function showOnMap(id) {
  byId("ficha").close();
  byId("mapa-titulo").focus();
  byId("mapa").scrollIntoView({ block: "start" });
  const opened = await openMap();
  if (opened && !opened.show(id)) tell(say("notOnMap"));
}

// What the reader does.

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-act]");
  if (!pressed) return;
  const { act, name, grade } = pressed.dataset;
  const id = Number(pressed.closest("[data-film]")?.dataset.film);
  const film = films.get(id) || [...said().notas, ...said().vistos, ...said().fora].find((one) => one.id === id);
  if (act === "open") openSheet(id);
  else if (act === "map") showOnMap(id);
  else if (act === "genre") {
    byId("ficha").close();
    change({ genero: facts.generos.find((one) => one.toLowerCase() === name.toLowerCase()) || name });
  } else if (act === "search") {
    byId("ficha").close();
    searchFor(name).then(() => byId("achados-titulo").focus());
  } else if (film) speakOf(film, act, Number(grade));
});

for (const close of document.querySelectorAll("dialog > .close")) close.addEventListener("click", () => close.parentElement.close());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // on what is behind it
}
for (const name of ["genero", "estrategia", "seguir"]) byId(name).addEventListener("change", () => change({ [name]: byId(name).value }));
byId("variedade").addEventListener("input", later(() => change({ variedade: byId("variedade").value }), 200));
byId("vistos").addEventListener("change", () => change({ vistos: byId("vistos").checked ? "1" : "" }));
byId("padrao").addEventListener("click", () => change({ genero: "", estrategia: "padrao", seguir: "", variedade: "0", vistos: "" }));
byId("busca").addEventListener("input", later(() => {
  choose({ busca: byId("busca").value });
  search();
}, 200));
byId("pessoa").addEventListener("click", () => openPeople(become, tellProblem));
byId("voltar").addEventListener("click", () => become(""));
byId("esquecer").addEventListener("click", () => {
  tell(say("forgotten"), forget());
  byId("ditos-resumo").focus();
  render();
  refresh();
});
for (const choice of document.querySelectorAll("[data-language]")) {
  choice.addEventListener("click", () => {
    choose({ lingua: choice.dataset.language });
    byId("aviso").hidden = true;
    talk();
    render();
    if (choices.busca) search();
    map?.translate();
  });
}
addEventListener("popstate", () => start());
addEventListener("offline", () => tellProblem(new Error(say("offline"))));
addEventListener("online", () => {
  tell(say("online"));
  refresh();
});

function talk() {
  speak(choices.lingua);
  translate(document);
  for (const choice of document.querySelectorAll("[data-language]")) choice.setAttribute("aria-pressed", String(choice.dataset.language === language()));
}

/** Show what the address says. */
function start() {
  readAddress();
  talk();
  byId("busca").value = choices.busca;
  render();
  refresh();
  if (choices.busca) search();
  else showFound([], 0);
  if (choices.filme) openSheet(Number(choices.filme), false);
  else byId("ficha").close();
}

byId("tela").hidden = false;
start();
new IntersectionObserver((seen, observer) => {
  if (seen.some(({ isIntersecting }) => isIntersecting)) {
    observer.disconnect();
    openMap();
  }
}, { rootMargin: "300px" }).observe(byId("mapa"));
