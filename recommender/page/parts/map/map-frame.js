// The elements of the map: search, canvas, buttons, legend and words, without any behaviour.

import { SHOWN } from "./map-films.js";
import { translateKind } from "../texts.js";

const MARKUP = `<div class="map-root">
<div class="map-tools"><label for="map-search"></label><input type="search" id="map-search" autocomplete="off" enterkeyhint="search">
<button type="button" class="map-next" hidden>→</button><p class="map-found" role="status"></p></div>
<div class="map-body"><div class="map-frame"><canvas class="map-canvas" tabindex="0" role="application" aria-describedby="map-keys"></canvas>
<div class="map-buttons"><button type="button" class="map-in">+</button><button type="button" class="map-out">−</button><button type="button" class="map-reset">⤢</button><button type="button" class="map-me" hidden>◎</button></div>
<p class="map-hint" aria-hidden="true"></p><p class="map-keys" id="map-keys"></p><div class="map-tip" aria-hidden="true" hidden></div></div>
<div class="map-legend" role="group" aria-labelledby="map-groups"><p id="map-groups" class="map-groups"></p></div></div>
<p class="map-caption"></p><p class="map-yours"></p><p class="map-said" aria-live="polite"></p></div>`;
const GROUP =
  '<button type="button" aria-pressed="false"><span class="map-swatch"></span><span class="map-kind"></span><span class="map-examples"></span></button>';

/** Shows one message in the host, and a button if there is something to `retry`. */
export function showMessage(host, message, again, retry) {
  host.innerHTML = `<p role="${retry ? "alert" : "status"}"></p>`;
  host.firstChild.textContent = message;
  if (!retry) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = again;
  button.addEventListener("click", retry);
  host.append(button);
}

/** Puts the elements for films and groups into the host; returns them by name. */
export function makeFrame(host, films) {
  host.innerHTML = MARKUP;
  const legend = host.querySelector(".map-legend");
  films.groups.slice(0, SHOWN + 1).forEach(() => legend.insertAdjacentHTML("beforeend", GROUP));
  const parts = {
    groups: [...legend.querySelectorAll("button")],
    label: host.querySelector("label"),
    search: host.querySelector("input"),
  };
  for (const name of [
    "next",
    "found",
    "frame",
    "canvas",
    "buttons",
    "in",
    "out",
    "reset",
    "me",
    "hint",
    "keys",
    "tip",
    "caption",
    "yours",
    "said",
  ]) {
    parts[name] = host.querySelector(`.map-${name}`);
  }
  parts.title = legend.firstChild;
  return parts;
}

/** Writes all words that do not change while the map is used. */
export function fillFrame(parts, films, texts, language) {
  for (const name of ["label", "keys", "title", "caption"]) parts[name].textContent = texts[name];
  for (const name of ["next", "in", "out", "reset", "me"]) {
    parts[name].title = texts[name];
    parts[name].setAttribute("aria-label", texts[name]);
  }
  parts.canvas.setAttribute("aria-label", texts.name(films.count));
  parts.hint.textContent = texts.wheel(/Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl");
  parts.groups.forEach((group, slot) => {
    const { kind, examples } = slot < SHOWN ? films.groups[slot] : { kind: "", examples: texts.others };
    group.children[1].textContent = translateKind(kind, language) || examples;
    group.children[2].textContent = kind && examples;
  });
}

/** Shows a tooltip of lines at a pixel, or below or beside it where that is needed to stay in the frame. */
export function showTip({ tip, frame }, lines, x, y, away) {
  tip.replaceChildren(...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
  tip.hidden = false;
  const left = Math.max(6, Math.min(frame.clientWidth - tip.offsetWidth - 6, x - tip.offsetWidth / 2));
  const top = y - tip.offsetHeight - away;
  tip.style.transform = `translate(${left}px, ${top < 6 ? y + away : top}px)`;
}
