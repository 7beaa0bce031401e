// Elements, and lists of them that change without losing the reader's place.

const SVG = "http://www.w3.org/2000/svg";
/** Whether the reader wants nothing to move. */
export const calm = matchMedia("(prefers-reduced-motion: reduce)");

export const byId = (id) => document.getElementById(id);

/** Return an element with properties (or attributes, where it has no such property) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return an SVG element with attributes and children. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Return an icon of 24 × 24 units drawn by one path. */
export function icon(path) {
  return draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" }, draw("path", { d: path }));
}

/**
 * Make a list show these items, each by its key. Elements of items that stay are kept, and glide to their new place. If
 * the focus was in an element that leaves, it goes to the same control of the one that takes its place, or to `refuge`.
 */
export function show(list, items, keyOf, makeElement, refuge = null) {
  const old = new Map([...list.children].map((element) => [element.dataset.key, element]));
  const places = new Map([...old].map(([key, element]) => [key, element.getBoundingClientRect()]));
  const focused = document.activeElement;
  const holder = [...list.children].findIndex((element) => element.contains(focused));
  const next = items.map((item) => {
    const key = String(keyOf(item));
    const element = makeElement(item, old.get(key));
    element.dataset.key = key;
    return element;
  });
  if (next.length !== list.children.length || next.some((element, place) => element !== list.children[place])) {
    list.replaceChildren(...next);
    if (!calm.matches) next.forEach((element) => glide(element, places.get(element.dataset.key)));
  }
  if (holder >= 0 && document.activeElement !== focused) keepFocus(focused, next, holder, refuge);
}

function keepFocus(focused, elements, place, refuge) {
  const act = focused.dataset.act;
  const element = focused.isConnected ? focused.closest("[data-key]") : elements[Math.min(place, elements.length - 1)];
  const control = focused.isConnected
    ? focused
    : element?.querySelector(act ? `[data-act="${act}"]` : "button, a, input");
  (control || element?.querySelector("button, a, input") || refuge)?.focus({ preventScroll: true });
}

function glide(element, from) {
  const to = element.getBoundingClientRect();
  if (!from) {
    element.animate(
      [
        { opacity: 0, transform: "scale(.96)" },
        { opacity: 1, transform: "none" },
      ],
      { duration: 220, easing: "ease-out" },
    );
  } else if (from.x !== to.x || from.y !== to.y) {
    const moved = `translate(${from.x - to.x}px, ${from.y - to.y}px)`;
    element.animate([{ transform: moved }, { transform: "none" }], { duration: 260, easing: "ease-in-out" });
  }
}

/** Return a function that calls `work` once nobody has called for so many milliseconds. */
export function later(work, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}
