// Which titles are written on the map: the best known in view, none over another.

const CELL = 8; // pixels: what is taken is noted in cells of this size
const GAP = 3;
const LONGEST = 30; // characters
const TRIES = 500; // films that find no place, before the others are not tried

/** A function that takes a box (left, top, width, height) of the view; false if it is not free, unless `forced`. */
export function makeTaken({ width, height }) {
  const across = Math.ceil(width / CELL) + 1;
  const cells = new Uint8Array(across * (Math.ceil(height / CELL) + 1));
  return (left, top, wide, high, forced) => {
    if (!forced && (left < 0 || top < 0 || left + wide > width || top + high > height)) return false;
    const box = [];
    for (let y = Math.max(0, Math.floor(top / CELL)); y <= Math.min(top + high, height) / CELL; y++) {
      for (let x = Math.max(0, Math.floor(left / CELL)); x <= Math.min(left + wide, width) / CELL; x++) {
        if (cells[y * across + x] && !forced) return false;
        box.push(y * across + x);
      }
    }
    for (const cell of box) cells[cell] = 1;
    return true;
  };
}

/**
 * Choose at most so many labels for films (rows, in their order): [{text, x, y}], with the left and the
 * middle line of each in pixels. `widths` remembers [text, width] by row.
 */
export function chooseLabels(rows, most, { context, widths, films, view, radius, size, take }) {
  const labels = [];
  let failed = 0;
  for (const row of rows) {
    if (labels.length >= most || failed > TRIES) break;
    const x = view.toX(films.x[row]),
      y = view.toY(films.y[row]);
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    if (!widths.has(row)) {
      const title = films.titles[row];
      const text = title.length > LONGEST ? `${title.slice(0, LONGEST - 1).trimEnd()}…` : title;
      widths.set(row, [text, context.measureText(text).width]);
    }
    const [text, width] = widths.get(row);
    const far = radius(row) + GAP,
      lower = far + size / 2;
    const place = [
      [far, 0],
      [-far - width, 0],
      [-width / 2, -lower],
      [-width / 2, lower],
    ].find(([right, down]) => take(x + right - GAP, y + down - size / 2, width + 2 * GAP, size));
    if (!place) {
      failed += 1;
      continue;
    }
    take(x - far / 2, y - far / 2, far, far, true);
    labels.push({ text, x: x + place[0], y: y + place[1] });
  }
  return labels;
}
