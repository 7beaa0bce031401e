// The part of the map in view: from places (0 to 1) to pixels and back, and ways through it.

const WAY = 650; // milliseconds
const between = (low, value, high) => Math.max(low, Math.min(high, value));

/** The view of a map of so many films; `zoom` is 1 for the whole map and at most `furthest`. */
export function createView(count) {
  let wide = 1,
    high = 1; // pixels of the whole map at zoom 1
  const view = {
    width: 0,
    height: 0,
    zoom: 1,
    x: 0.5,
    y: 0.5,
    furthest: between(8, Math.sqrt(count), 80),
    toX: (x) => (x - view.x) * wide * view.zoom + view.width / 2,
    toY: (y) => (y - view.y) * high * view.zoom + view.height / 2,
    fromX: (pixel) => (pixel - view.width / 2) / (wide * view.zoom) + view.x,
    fromY: (pixel) => (pixel - view.height / 2) / (high * view.zoom) + view.y,
    resize(width, height) {
      Object.assign(view, { width, height });
      wide = Math.max(1, width * 0.9);
      high = Math.max(1, height * 0.9);
    },
    moveTo(x, y, zoom) {
      view.zoom = between(1, zoom, view.furthest);
      const edge = Math.max(0, 1 / view.zoom - 0.5); // all of it at zoom 1; from 2 on, any place can be the centre
      view.x = between(edge, x, 1 - edge);
      view.y = between(edge, y, 1 - edge);
    },
    pan: (right, down) =>
      view.moveTo(view.fromX(view.width / 2 - right), view.fromY(view.height / 2 - down), view.zoom),
    /** Zooms by a factor and keeps what is at a pixel where it is; false if it cannot. */
    zoomAt(pixelX, pixelY, factor) {
      const x = view.fromX(pixelX),
        y = view.fromY(pixelY),
        before = view.zoom;
      const part = before / between(1, before * factor, view.furthest);
      view.moveTo(x + (view.x - x) * part, y + (view.y - y) * part, before / part);
      return view.zoom !== before;
    },
  };
  return view;
}

/** A function of the time that calls `move` with how much of a way is done (0 to 1), and is true at its end. */
export function travel(move, atOnce) {
  let start;
  return (now) => {
    start ??= now;
    const part = atOnce ? 1 : Math.min(1, (now - start) / WAY);
    move(part * part * (3 - 2 * part));
    return part === 1;
  };
}
