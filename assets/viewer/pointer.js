// Pointer: what is done on a canvas becomes a change of the view that all panels share.

const SMALLEST_BOX = 16; // file pixels

/** The file pixel under an event on a canvas. */
function filePoint(viewer, canvas, event) {
  const edge = canvas.getBoundingClientRect();
  const ratio = canvas.width / edge.width;
  const frame = frameOf(canvas, viewer.film, viewer.view);
  return [
    ((event.clientX - edge.left) * ratio - frame.left) / frame.scale,
    ((event.clientY - edge.top) * ratio - frame.top) / frame.scale,
  ];
}

function boxBetween([x1, y1], [x2, y2], film) {
  const clamp = (value, high) => Math.round(Math.min(high, Math.max(0, value)));
  const [left, right] = [clamp(Math.min(x1, x2), film.width), clamp(Math.max(x1, x2), film.width)];
  const [top, bottom] = [clamp(Math.min(y1, y2), film.height), clamp(Math.max(y1, y2), film.height)];
  return [left, top, right - left, bottom - top];
}

/** Zoom, pan, window and level, box, ruler and hover on one canvas; a still click is `onClick`. */
function listenToPointer(viewer, canvas, { key, onClick }) {
  let drag = null;
  const kindOf = (event) => {
    if (event.button === 2 || event.shiftKey) return "tone";
    if (onClick || !viewer.mode) return "pan";
    return viewer.isBoxing ? "box" : "line";
  };
  const moveBy = (event) => {
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    const [dx, dy] = [(event.clientX - drag.x) * ratio, (event.clientY - drag.y) * ratio];
    drag.hasMoved ||= Math.hypot(dx, dy) > 3 * ratio;
    if (drag.kind === "pan") {
      const { scale } = frameOf(canvas, viewer.film, drag.view);
      viewer.view = { ...drag.view, x: drag.view.x - dx / scale, y: drag.view.y - dy / scale };
    } else if (drag.kind === "tone") {
      const step = 1 / (DRAG_PIXELS * ratio);
      viewer.tone = movedTone(viewer.film, drag.tone, { wider: dx * step, darker: dy * step });
    } else if (drag.kind === "line") {
      viewer.line = [...drag.point, ...filePoint(viewer, canvas, event)];
    } else {
      viewer.draft = boxBetween(drag.point, filePoint(viewer, canvas, event), viewer.film);
    }
    viewer.move();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!viewer.film || !viewer.view) return;
    canvas.setPointerCapture(event.pointerId);
    const point = filePoint(viewer, canvas, event);
    const { view, tone } = viewer;
    drag = { kind: kindOf(event), x: event.clientX, y: event.clientY, point, view, tone, hasMoved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!viewer.film || !viewer.view) return;
    if (drag) moveBy(event);
    else viewer.hover({ key: key(), canvas, point: filePoint(viewer, canvas, event) });
  });
  canvas.addEventListener("pointerup", () => {
    const ended = drag;
    drag = null;
    if (ended?.kind === "box") viewer.commitBox();
    else if (ended?.kind === "line") keepLine(viewer);
    else if (ended && !ended.hasMoved && onClick) onClick();
  });
  canvas.addEventListener("pointercancel", () => (drag = null));
  canvas.addEventListener("pointerleave", () => drag || viewer.hover(null));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    if (!viewer.film || !viewer.view) return;
    if (onClick && viewer.isScrolling && !event.ctrlKey) return; // the wheel moves the thumbnails
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400));
    viewer.view = zoomAt(viewer.view, factor, filePoint(viewer, canvas, event));
    viewer.move();
  }, { passive: false });
}
