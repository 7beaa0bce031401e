// Draws the map on its canvas. Films of a colour are drawn together where there are many, which is quick.

import { SHOWN } from "./map-films.js";
import { chooseLabels, makeTaken } from "./map-labels.js";

const MANY = 1200; // films in view, from which on only the best known are drawn one by one, each with a rim
const SINGLE = 300; // of these
const CHUNK = 50; // of the others are drawn at once: longer paths take longer
const FIRST = 6; // best known films, which are named in any case
const FAR = 2.6; // zoom from which on groups are not named on the map any more

/** A painter of films in a view. */
export function createPainter(canvas, films, view) {
  const context = canvas.getContext("2d", { alpha: false });
  const middles = films.groups.slice(0, SHOWN).map((_, slot) => [films.x, films.y].map((places) => {
    const among = places.filter((_, row) => films.slots[row] === slot).sort();
    return among[among.length >> 1];
  }));
  const across = new Float32Array(films.count), down = new Float32Array(films.count); // pixels, by film
  let look, ratio, widths, unit;
  const radius = (row) => unit * (0.7 + 2.3 * films.sizes[row]);
  const font = (weight, size = 1) => { context.font = `${weight} ${size * look.size}px ${look.font}`; };

  function disc(brush, x, y, radius, colour) {
    brush.fillStyle = colour;
    brush.beginPath();
    brush.arc(x, y, radius, 0, 7);
    brush.fill();
  }

  function drawDots(strength, wanted) {
    const rows = [];
    for (let row = 0; row < films.count; row++) {
      if (!wanted(row)) continue;
      across[row] = view.toX(films.x[row]);
      down[row] = view.toY(films.y[row]);
      const far = radius(row) + 1;
      if (across[row] > -far && down[row] > -far && across[row] < view.width + far && down[row] < view.height + far) rows.push(row);
    }
    context.globalAlpha = strength;
    const others = rows.splice(rows.length > MANY ? SINGLE : rows.length);
    look.groups.forEach((colour, slot) => {
      const same = others.filter((row) => films.slots[row] === slot);
      context.fillStyle = colour;
      for (let start = 0; start < same.length; start += CHUNK) {
        context.beginPath();
        for (const row of same.slice(start, start + CHUNK)) {
          context.moveTo(across[row], down[row]);
          context.arc(across[row], down[row], radius(row), 0, 7);
        }
        context.fill();
      }
    });
    for (const row of rows.reverse()) { // the best known come last, on top
      disc(context, across[row], down[row], radius(row) + Math.min(1, radius(row) / 4), look.paper);
      disc(context, across[row], down[row], radius(row), look.groups[films.slots[row]]);
    }
    context.globalAlpha = 1;
  }

  function write({ text, x, y }, colour = look.ink) {
    context.strokeStyle = look.paper;
    context.lineWidth = 4;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  function nameGroups(names, take) {
    font(700, 1.2);
    context.globalAlpha = Math.max(0, Math.min(1, 2 * (FAR - view.zoom)));
    names.forEach((text, slot) => {
      const wide = context.measureText(text).width, high = 2 * look.size;
      const x = view.toX(middles[slot][0]) - wide / 2, y = view.toY(middles[slot][1]);
      if (take(x - 6, y - high / 2, wide + 12, high)) write({ text, x, y }, look.names[slot]);
    });
    context.globalAlpha = 1;
  }

  function ring(row, width, colour) {
    if (row < 0) return;
    context.beginPath();
    context.arc(view.toX(films.x[row]), view.toY(films.y[row]), radius(row) + 2 + width / 2, 0, 7);
    for (const [wide, stroke] of [[width + 3, look.paper], [width, colour]]) {
      context.lineWidth = wide;
      context.strokeStyle = stroke;
      context.stroke();
    }
  }

  function drawYou({ x, y }, text, take) {
    const right = view.toX(x), down = view.toY(y);
    context.globalAlpha = 0.25;
    disc(context, right, down, 18, look.accent);
    context.globalAlpha = 1;
    disc(context, right, down, 9, look.paper);
    disc(context, right, down, 6.5, look.accent);
    font(700);
    const wide = context.measureText(text).width;
    take(right - 18, down - 18, 36, 36, true);
    take(right - wide / 2 - 4, down + 16, wide + 8, look.size + 6, true);
    return () => { font(700); write({ text, x: right - wide / 2, y: down + 19 + look.size / 2 }, look.accent); };
  }

  return {
    radius,

    /** Takes new colours and fonts: {paper, ink, accent, groups, names, font, size}. */
    wear(next) {
      look = next;
      ratio = Math.min(3, devicePixelRatio);
      widths = new Map();
    },

    /** Draws films, those of `lit` (row to 0 or 1; null: all) strongly, and keeps labels off the box `corner`. */
    draw({ lit, hovered, cursor, chosen, you, youWord, names }, corner) {
      const width = Math.round(view.width * ratio), height = Math.round(view.height * ratio);
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      unit = Math.min(4.2, Math.max(1.3, Math.sqrt(view.width * view.height / films.count) * 0.13)) * view.zoom ** 0.4;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.fillStyle = look.paper;
      context.fillRect(0, 0, view.width, view.height);
      drawDots(lit ? 0.16 : 1, (row) => !lit?.[row]);
      if (lit) drawDots(1, (row) => lit[row]);

      const take = makeTaken(view);
      take(...corner, true);
      const writeYou = you && drawYou(you, youWord, take);
      const marked = [...new Set([cursor, hovered, chosen])].filter((row) => row >= 0);
      const others = [...films.sizes.keys()].filter((row) => (!lit || lit[row]) && !marked.includes(row));
      const area = view.width * view.height, most = Math.min(area / 6000, 8 + area * view.zoom / 26000);
      const size = 1.2 * look.size;
      const label = (rows, most) => {
        font(500);
        return chooseLabels(rows, most, { context, widths, films, view, radius, size, take });
      };
      // The very best known films come before the names of groups, and these before other films.
      const labels = label([...marked, ...others.splice(0, FIRST)], Infinity);
      if (!lit && view.zoom < FAR) nameGroups(names, take);
      labels.push(...label(others, most - labels.length));
      ring(chosen, 3, look.accent);
      ring(hovered, 2, look.ink);
      ring(cursor, 3, look.ink);
      labels.forEach((each) => write(each));
      writeYou?.();
    },
  };
}
