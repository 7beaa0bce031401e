// Draws the map on its canvas. Films of a colour are drawn together where there are many, which is quick.

import { SHOWN } from "./map-films.js";
import { chooseLabels, makeTaken } from "./map-labels.js";

const MANY = 1200; // films in view, from which on only the best known are drawn one by one, each with a rim
const SINGLE = 300; // of these
const CHUNK = 50; // of the others are drawn at once: longer paths take longer
const TINY = 1.6; // pixels of a screen: a smaller disc is drawn as a square, in half the time
const FIRST = 6; // best known films, which are named in any case
const FAR = 2.6; // zoom from which on groups are not named on the map any more

/** A painter of films in a view. */
export function createPainter(canvas, films, view) {
  const context = canvas.getContext("2d", { alpha: false });
  const middles = films.groups.slice(0, SHOWN).map((_, slot) =>
    [films.x, films.y].map((places) => {
      const among = places.filter((_, row) => films.slots[row] === slot).sort();
      return among[among.length >> 1];
    }),
  );
  const across = new Float32Array(films.count),
    down = new Float32Array(films.count); // pixels, by film
  const layer = document.createElement("canvas"); // the films as last drawn, without words
  const brush = layer.getContext("2d", { alpha: false });
  let look, ratio, widths, unit, drawn;
  const radius = (row) => unit * (0.7 + 2.3 * films.sizes[row]);
  const font = (weight, size = 1) => {
    context.font = `${weight} ${size * look.size}px ${look.font}`;
  };

  function disc(on, x, y, radius, colour) {
    on.fillStyle = colour;
    on.beginPath();
    on.arc(x, y, radius, 0, 7);
    on.fill();
  }

  function drawDots(strength, wanted) {
    const rows = [];
    for (let row = 0; row < films.count; row++) {
      if (!wanted(row)) continue;
      across[row] = view.toX(films.x[row]);
      down[row] = view.toY(films.y[row]);
      const far = radius(row) + 1;
      if (across[row] > -far && down[row] > -far && across[row] < view.width + far && down[row] < view.height + far)
        rows.push(row);
    }
    brush.globalAlpha = strength;
    const others = rows.splice(rows.length > MANY ? SINGLE : rows.length);
    look.groups.forEach((colour, slot) => {
      const same = others.filter((row) => films.slots[row] === slot);
      brush.fillStyle = colour;
      for (let start = 0; start < same.length; start += CHUNK) {
        brush.beginPath();
        for (const row of same.slice(start, start + CHUNK)) {
          const half = radius(row),
            x = across[row],
            y = down[row];
          if (half * ratio < TINY) {
            brush.fillRect(x - 0.9 * half, y - 0.9 * half, 1.8 * half, 1.8 * half);
            continue;
          }
          brush.moveTo(x, y);
          brush.arc(x, y, half, 0, 7);
        }
        brush.fill();
      }
    });
    for (const row of rows.reverse()) {
      // the best known come last, on top
      disc(brush, across[row], down[row], radius(row) + Math.min(1, radius(row) / 4), look.paper);
      disc(brush, across[row], down[row], radius(row), look.groups[films.slots[row]]);
    }
  }

  // Draws films anew if others are lit or the view is another one.
  function prepareFilms(width, height, lit) {
    const wanted = [width, height, view.x, view.y, view.zoom, lit];
    if (drawn?.every((value, place) => value === wanted[place])) return;
    drawn = wanted;
    for (const each of [canvas, layer]) {
      if (each.width !== width || each.height !== height) Object.assign(each, { width, height });
    }
    unit = Math.min(4.2, Math.max(1.3, Math.sqrt((view.width * view.height) / films.count) * 0.13)) * view.zoom ** 0.3;
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.globalAlpha = 1;
    brush.fillStyle = look.paper;
    brush.fillRect(0, 0, view.width, view.height);
    drawDots(lit ? 0.16 : 1, (row) => !lit?.[row]);
    if (lit) drawDots(1, (row) => lit[row]);
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
      const wide = context.measureText(text).width,
        high = 2 * look.size;
      const x = view.toX(middles[slot][0]) - wide / 2,
        y = view.toY(middles[slot][1]);
      if (take(x - 6, y - high / 2, wide + 12, high)) write({ text, x, y }, look.names[slot]);
    });
    context.globalAlpha = 1;
  }

  function ring(row, width, colour) {
    if (row < 0) return;
    context.beginPath();
    context.arc(view.toX(films.x[row]), view.toY(films.y[row]), radius(row) + 2 + width / 2, 0, 7);
    for (const [wide, stroke] of [
      [width + 3, look.paper],
      [width, colour],
    ]) {
      context.lineWidth = wide;
      context.strokeStyle = stroke;
      context.stroke();
    }
  }

  function drawYou({ x, y }, text, take) {
    const right = view.toX(x),
      down = view.toY(y);
    context.globalAlpha = 0.25;
    disc(context, right, down, 18, look.accent);
    context.globalAlpha = 1;
    disc(context, right, down, 9, look.paper);
    disc(context, right, down, 6.5, look.accent);
    font(700);
    const wide = context.measureText(text).width;
    take(right - 18, down - 18, 36, 36, true);
    take(right - wide / 2 - 4, down + 16, wide + 8, look.size + 6, true);
    return () => {
      font(700);
      write({ text, x: right - wide / 2, y: down + 19 + look.size / 2 }, look.accent);
    };
  }

  return {
    radius,

    /** Takes new colours and fonts: {paper, ink, accent, groups, names, font, size}. */
    wear(next) {
      look = next;
      ratio = Math.min(3, devicePixelRatio);
      widths = new Map();
      drawn = null;
    },

    /** Draws films, those of `lit` (row to 0 or 1; null: all) strongly, and keeps labels off the box `corner`. */
    draw({ lit, hovered, cursor, chosen, you, youWord, names }, corner) {
      prepareFilms(Math.round(view.width * ratio), Math.round(view.height * ratio), lit);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(layer, 0, 0);
      context.scale(ratio, ratio);
      context.textBaseline = "middle";
      context.lineJoin = "round";
      const take = makeTaken(view);
      take(...corner, true);
      const writeYou = you && drawYou(you, youWord, take);
      const marked = [...new Set([cursor, hovered, chosen])].filter((row) => row >= 0);
      const others = [...films.sizes.keys()].filter((row) => (!lit || lit[row]) && !marked.includes(row));
      const area = view.width * view.height,
        most = Math.min(area / 6000, 8 + (area * view.zoom) / 26000);
      const size = 1.2 * look.size,
        room = (row) => radius(row) + (marked.includes(row) ? 5 : 0); // for a ring
      const label = (rows, most) => {
        font(500);
        return chooseLabels(rows, most, { context, widths, films, view, radius: room, size, take });
      };
      // The very best known films come before the names of groups, and these before other films.
      const labels = label([...marked, ...others.splice(0, FIRST)], Infinity);
      if (!lit && view.zoom < FAR) nameGroups(names, take);
      labels.push(...label(others, most - labels.length));
      labels.forEach((each) => write(each));
      ring(chosen, 3, look.accent);
      ring(hovered, 2, look.ink);
      ring(cursor, 3, look.ink);
      writeYou?.();
    },
  };
}
