// What the page tells of itself: what was done, and what went wrong.

import { byId, make } from "./dom.js";
import { say } from "./texts.js";

const LASTS = 10_000; // milliseconds; what can be undone can also be removed where it is listed
let timer;

/** Tell what was done, for a while; `undo`, where it can be undone, is what a button does. */
export function tell(text, undo) {
  // In front of a dialog is only what is in it.
  (document.querySelector("dialog[open]") || byId("tela")).append(byId("aviso"));
  clearTimeout(timer);
  timer = setTimeout(function leave() {
    if (byId("aviso").matches(":hover, :focus-within")) timer = setTimeout(leave, LASTS);
    else hush();
  }, LASTS);
  byId("aviso").hidden = false;
  byId("aviso-texto").textContent = text;
  byId("desfazer").hidden = !undo;
  byId("desfazer").onclick = () => {
    hush();
    undo();
  };
}

document.addEventListener("close", () => byId("tela").append(byId("aviso")), true); // of a dialog

/** Take back what was told of what was done. */
export function hush() {
  byId("aviso").hidden = true;
}

/** Tell what went wrong, with ways on: pairs of a text's name and what the button does. Without an error: nothing did. */
export function tellProblem(error, ways = []) {
  byId("problema").replaceChildren(
    ...(error ? [make("p", { className: "fault" }, error.message), ...ways.map((way) => button(...way))] : []),
  );
}

/** Return a button with the text of a name. */
export function button(text, act) {
  const made = make("button", { type: "button" }, say(text));
  made.addEventListener("click", act);
  return made;
}
