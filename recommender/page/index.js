"use strict";
const byId = (id) => document.getElementById(id);
const given = new Map(); // film id -> {film, rating}
const scale = { low: 0, high: 5, step: 1 };
// What is said where an answer does not say it itself: one of API Gateway, in front of the API.
const refusals = { 401: "Falta um token de acesso válido.", 403: "Este token não dá acesso a este usuário." };

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const text = body.detail || refusals[answer.status] || `Erro ${answer.status}. Tente de novo.`;
    throw Object.assign(new Error(text), { status: answer.status });
  }
  return { answer, body };
}

// Only the newest of several questions is answered.
function newest(work, report) {
  let asked = 0;
  return async (...values) => {
    const turn = ++asked;
    try {
      const show = await work(...values);
      if (turn === asked) show();
    } catch (error) {
      if (turn === asked) report(error);
    }
  };
}

function later(work, milliseconds) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(work, milliseconds); };
}

function tell(text, fault = false) {
  byId("estado").textContent = text;
  byId("estado").classList.toggle("fault", fault);
}

// Five of the scale's ratings, or as many as it has.
function ratings() {
  const { low, high, step } = scale;
  const near = (rating) => (step ? low + step * Math.round((rating - low) / step) : rating);
  return [...new Set([1, 2, 3, 4, 5].map((star) => Math.max(low, near(high * star / 5))))];
}

function stars(film) {
  const rated = given.get(film.id);
  const box = make("span", { className: "stars", role: "group", "aria-label": `Nota para ${film.titulo_exibido}` });
  for (const rating of ratings()) {
    const button = make("button", { type: "button", className: rated && rating <= rated.rating ? "on" : "" }, "★");
    button.setAttribute("aria-label", `${rating.toLocaleString("pt-BR")} de ${scale.high}`);
    button.setAttribute("aria-pressed", String(Boolean(rated) && rating === rated.rating));
    button.addEventListener("click", () => { given.set(film.id, { film, rating }); showGiven(); recommend(); });
    box.append(button);
  }
  return box;
}

function name(film) {
  const names = [film.genero, film.diretor].filter(Boolean).join(" · ");
  return make("span", {}, film.titulo_exibido, make("br"), make("span", { className: "meta" }, names));
}

function showGiven() {
  byId("nenhuma").hidden = given.size > 0;
  byId("dadas").replaceChildren(...[...given.values()].map(({ film }) => {
    const forget = make("button", { type: "button" }, "Tirar");
    forget.setAttribute("aria-label", `Tirar a avaliação de ${film.titulo_exibido}`);
    forget.addEventListener("click", () => { given.delete(film.id); showGiven(); recommend(); });
    return make("li", {}, name(film), stars(film), forget);
  }));
  for (const row of byId("achados").children) row.lastChild.replaceWith(stars(row.film));
}

const find = newest(async () => {
  const words = byId("busca").value.trim();
  const found = words ? (await ask(`filmes?limite=8&q=${encodeURIComponent(words)}`)).body : [];
  return () => {
    const rows = found.map((film) => Object.assign(make("li", {}, name(film), stars(film)), { film }));
    if (words && !rows.length) rows.push(make("li", {}, make("span", {}, "Nada encontrado.")));
    byId("achados").replaceChildren(...rows);
  };
}, (error) => tell(error.message, true));

function badge(film, difference) {
  if (film.ja_avaliado) return make("span", { className: "badge moved" }, "já avaliado");
  if (difference.entraram.some(({ id }) => id === film.id)) return make("span", { className: "badge in" }, "entrou");
  const moved = difference.mudaram.find(({ id }) => id === film.id);
  if (!moved) return null;
  return make("span", { className: "badge moved" }, `${moved.de > moved.para ? "subiu" : "desceu"} do ${moved.de}º`);
}

function card(film, difference) {
  const reasons = film.motivos.map((reason) => {
    const share = Math.max(0, Math.min(1, reason.parcela / film.pontuacao));
    const percent = `${Math.round(100 * share)}%`;
    const meter = make("meter", { min: 0, max: 1, value: share, title: percent });
    meter.setAttribute("aria-label", `${percent} da pontuação`);
    return make("li", {}, make("span", {}, `nota ${reason.avaliacao.toLocaleString("pt-BR")} para ${reason.titulo_exibido}`), meter);
  });
  reasons.push(...film.contra.map((reason) => make("li", { className: "meta" },
    `apesar da nota ${reason.avaliacao.toLocaleString("pt-BR")} para ${reason.titulo_exibido}`)));
  const why = reasons.length
    ? make("ul", { className: "why", "aria-label": "Motivos" }, ...reasons)
    : make("p", { className: "why meta" }, "Entre os mais vistos por todos.");
  return make("li", { className: "film" },
    make("header", {}, make("h3", {}, film.titulo_exibido), badge(film, difference)),
    make("p", { className: "meta" }, [film.genero, film.diretor, film.atores].filter(Boolean).join(" · ")),
    why);
}

const recommend = newest(async () => {
  const user = byId("usuario").value.trim();
  const genre = byId("genero").value;
  const asked = {
    avaliacoes: [...given.values()].map(({ film, rating }) => ({ filme_id: film.id, avaliacao: rating })),
    limite: 10,
    genero: genre ? [genre] : [],
    diversidade: Number(byId("diversidade").value),
  };
  const path = user ? `usuarios/${encodeURIComponent(user)}/recomendacoes` : "recomendacoes";
  const token = user && byId("token").value.trim();
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const { answer, body } = await ask(path, { method: "POST", headers, body: JSON.stringify(asked) });
  const nothing = { entraram: [], sairam: [], mudaram: [] };
  const films = user ? body.recomendacoes : body;
  const difference = user && given.size ? body.diferenca : nothing;
  return () => {
    byId("versao").textContent = answer.headers.get("X-Versao").slice(0, 12);
    const popular = answer.headers.get("X-Estrategia") === "populares";
    const whose = user ? `o usuário ${user}` : "você";
    tell(!films.length ? "Nenhum filme assim." : popular ? "Os filmes mais populares" : `Para ${whose}`);
    byId("lista").replaceChildren(...films.map((film) => card(film, difference)));
    byId("sairam").replaceChildren(...difference.sairam.map((film) =>
      make("li", {}, make("span", {}, film.titulo_exibido), make("span", { className: "badge out" }, `saiu, era o ${film.posicao}º`))));
  };
}, (error) => {
  if (error.status in refusals) byId("acesso").hidden = false;
  tell(error.message, true);
  byId("lista").replaceChildren();
  byId("sairam").replaceChildren();
});

let nextGroups = "grupos?filmes=6&limite=12";
async function showGroups() {
  const { answer, body } = await ask(nextGroups);
  byId("todos").append(...body.map((group) => make("li", { className: "group" },
    make("h3", {}, [...group.generos, ...group.diretores].join(", ") || `Grupo ${group.id}`),
    make("p", { className: "meta" }, group.total === 1 ? "1 filme" : `${group.total} filmes`),
    make("p", { className: "meta" }, group.filmes.map(({ titulo_exibido }) => titulo_exibido).join(", ")))));
  const link = /<[^?>]*(\?[^>]*)>/.exec(answer.headers.get("Link") || "");
  byId("mais").hidden = !link;
  if (link) nextGroups = `grupos${link[1]}`;
  for (const genre of body.flatMap(({ generos }) => generos)) {
    const options = [...byId("genero").options];
    if (options.some(({ value }) => value === genre)) continue;
    const after = options.find(({ value }) => value && value.localeCompare(genre, "pt-BR") > 0);
    byId("genero").insertBefore(make("option", { value: genre }, genre), after || null);
  }
}

async function start() {
  try {
    const { body } = await ask("modelo");
    [scale.low, scale.high] = body.dados.escala;
    scale.step = body.dados.passo;
    await Promise.all([recommend(), showGroups()]);
  } catch (error) {
    tell(error.message, true);
  }
}

byId("busca").addEventListener("input", later(find, 200));
for (const id of ["usuario", "token", "diversidade"]) byId(id).addEventListener("input", later(recommend, 300));
byId("genero").addEventListener("change", recommend);
byId("mais").addEventListener("click", () => showGroups().catch((error) => tell(error.message, true)));
start();
