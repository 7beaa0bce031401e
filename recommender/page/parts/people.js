// Whom the list is for: oneself, or a user of the data, chosen by name or by taste.

import { address, ask, useToken } from "./api.js";
import { byId, later, make } from "./dom.js";
import { facts } from "./state.js";
import { fold, genreName, say } from "./texts.js";

const PAGE = 1000; // users that one answer lists at most
const SHOWN = 60;
const TELLING = /terror|horror/i; // a taste that people have or do not have, as an example
let users = [];
let next = null; // the address of more of them
let reading = null; // a promise, so that nothing is read twice

const nameOf = (user) => user.nome || say("userNumber", user.id);
const tasteOf = (user) => (user.total_avaliacoes === 0 ? say("noTaste") : say("taste", user.generos));

/** Return the name of a user of the data as far as it is known, else the number. */
export function userName(id) {
  return nameOf(users.find((user) => String(user.id) === String(id)) || { id });
}

/** Read the first users once, if this installation tells who they are. */
export async function readUsers() {
  if (facts.usuarios === "lista" && !users.length) await readMore(address("usuarios", { limite: PAGE }));
}

function readMore(path) {
  reading ??= readPage(path).finally(() => {
    reading = null;
  });
  return reading;
}

async function readPage(path) {
  const { body, headers } = await ask(path);
  users = users.concat(body);
  const link = /<[^?>]*(\?[^>]*)>/.exec(headers.get("Link") || "");
  next = link ? `usuarios${link[1]}` : null;
}

/** Show the dialog; `pick(id)` is called for a choice, "" being oneself; `report(error)` for a failure. */
export async function openPeople(pick, report) {
  const dialog = byId("pessoas");
  const done = (id) => {
    dialog.close();
    pick(id);
  };
  const search = byId("pessoas-busca");
  search.placeholder = say(
    "usersSearch",
    genreName(facts.generos.find((name) => TELLING.test(name)) || facts.generos[0] || ""),
  );
  search.setAttribute("aria-label", search.placeholder);
  byId("pessoas-lista").hidden = facts.usuarios !== "lista";
  byId("pessoas-numero").hidden = facts.usuarios === "lista";
  let room = SHOWN;
  search.oninput = later(() => {
    room = SHOWN;
    showUsers(done, room);
  }, 120);
  byId("pessoas-mais").onclick = async () => {
    const before = byId("pessoas-achadas").children.length;
    try {
      if (next && matching().length < room + SHOWN) await readMore(next);
      room += SHOWN;
      showUsers(done, room);
      byId("pessoas-achadas").children[before]?.querySelector("button").focus();
    } catch (error) {
      dialog.close(); // in front of what is told
      report(error);
    }
  };
  byId("pessoas-numero").onsubmit = (event) => {
    event.preventDefault();
    useToken(byId("token").value.trim());
    const id = byId("usuario").value.trim();
    const whole = /^(-?[1-9][0-9]{0,15}|0)$/.test(id);
    byId("usuario-erro").textContent = whole ? "" : say("badId");
    if (whole) done(id);
  };
  dialog.showModal();
  try {
    await readUsers();
    showUsers(done, room);
  } catch (error) {
    dialog.close();
    report(error);
  }
}

/** Return the users, as far as they are read, who have the words that are searched. */
function matching() {
  const words = fold(byId("pessoas-busca").value).split(/\s+/).filter(Boolean);
  return users.filter((user) => {
    const text = fold(`${nameOf(user)} ${user.gosto || ""} ${tasteOf(user)} ${user.id}`);
    return words.every((word) => text.includes(word));
  });
}

function showUsers(done, room) {
  const found = matching();
  byId("pessoas-achadas").replaceChildren(
    ...found.slice(0, room).map((user) => {
      const button = make(
        "button",
        { type: "button", className: "person" },
        make("strong", {}, nameOf(user)),
        make("span", { className: "meta" }, tasteOf(user)),
        user.total_avaliacoes ? make("span", { className: "meta" }, say("ratings", user.total_avaliacoes)) : null,
      );
      button.addEventListener("click", () => done(String(user.id)));
      return make("li", {}, button);
    }),
  );
  byId("pessoas-nada").hidden = found.length > 0;
  byId("pessoas-mais").hidden = !next && found.length <= room;
}
