// What the page tells of itself: what was done, and what went wrong.

import { byId, make } from "./dom.js";
import { say } from "./texts.js";

/** Tell what was done; `undo`, where it can be undone, is what a button does. */
export function tell(text, undo) {
  byId("aviso").hidden = false;
  byId("aviso-texto").textContent = text;
  byId("desfazer").hidden = !undo;
  byId("desfazer").onclick = () => {
    hush();
    undo();
  };
}

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
