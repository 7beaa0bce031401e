// What hands do on the map: drag, pinch, tap, hover, wheel and keys, told to the map in its own terms.

const STILL = 5; // pixels that a tap may move
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Listens on the canvas and calls what each of these means. */
export function listen(canvas, calls) {
  const fingers = new Map();
  let moved = false;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const middle = () => {
    const [[x, y], [otherX, otherY] = [x, y]] = [...fingers.values()];
    return { x: (x + otherX) / 2, y: (y + otherY) / 2, apart: Math.hypot(x - otherX, y - otherY) };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!fingers.size) moved = false;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size > 1) moved = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") calls.hover(...now);
      return;
    }
    if (!moved && Math.hypot(now[0] - before[0], now[1] - before[1]) < STILL) return;
    moved = true;
    const from = middle();
    fingers.set(event.pointerId, now);
    const to = middle();
    calls.pan(to.x - from.x, to.y - from.y);
    if (from.apart && to.apart) calls.zoomAt(to.x, to.y, to.apart / from.apart);
  });
  const lift = (event) => {
    const known = fingers.delete(event.pointerId);
    if (known && event.type === "pointerup" && !moved) calls.tap(...place(event), event.pointerType === "touch");
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", calls.leave);

  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) {
        calls.hint();
        return;
      }
      const lines = event.deltaMode === 1 ? 30 : 1;
      const pixels = Math.max(-120, Math.min(120, event.deltaY * lines));
      // A trackpad's pinch comes as small steps with Ctrl. Where there is no more to zoom, the page scrolls.
      const factor = Math.exp(-pixels * (event.ctrlKey && Math.abs(pixels) < 30 ? 0.012 : 0.0025));
      if (calls.zoomAt(...place(event), factor) || event.ctrlKey || event.metaKey) event.preventDefault();
    },
    { passive: false },
  );

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) calls.step(ARROWS[event.key]);
    else if (event.key === "PageDown" || event.key === "PageUp") calls.walk(event.key === "PageDown" ? 1 : -1);
    else if (event.key === "Enter") calls.enter();
    else if (event.key === "+" || event.key === "=") calls.zoomBy(1.6);
    else if (event.key === "-") calls.zoomBy(1 / 1.6);
    else if (event.key === "Escape") calls.reset();
    else return;
    event.preventDefault();
  });
}
