// Pointer and keyboard: what is done on a canvas becomes a change of the shared view.

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

/** Zoom, pan, window and level, box and hover on one canvas; a still click is `onClick`. */
function listenToPointer(viewer, canvas, { key, onClick }) {
  let drag = null;
  const kindOf = (event) => {
    if (event.button === 2 || event.shiftKey) return "tone";
    return viewer.isBoxing && !onClick ? "box" : "pan";
  };
  const moveBy = (event) => {
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    const [dx, dy] = [(event.clientX - drag.x) * ratio, (event.clientY - drag.y) * ratio];
    drag.hasMoved ||= Math.hypot(dx, dy) > 3 * ratio;
    if (drag.kind === "pan") {
      const { scale } = frameOf(canvas, viewer.film, drag.view);
      viewer.view = { ...drag.view, x: drag.view.x - dx / scale, y: drag.view.y - dy / scale };
    } else if (drag.kind === "tone") {
      const step = 255 / (400 * devicePixelRatio);
      const width = Math.max(2, drag.tone.width + dx * step);
      viewer.tone = { ...drag.tone, width, centre: drag.tone.centre + dy * step };
    } else {
      viewer.draft = boxBetween(drag.point, filePoint(viewer, canvas, event), viewer.film);
    }
    viewer.redraw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!viewer.film) return;
    canvas.setPointerCapture(event.pointerId);
    const point = filePoint(viewer, canvas, event);
    const { view, tone } = viewer;
    drag = { kind: kindOf(event), x: event.clientX, y: event.clientY, point, view, tone, hasMoved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!viewer.film) return;
    if (drag) moveBy(event);
    else viewer.hover(key(), filePoint(viewer, canvas, event));
  });
  canvas.addEventListener("pointerup", () => {
    const ended = drag;
    drag = null;
    if (ended?.kind === "box") viewer.commitBox();
    else if (ended && !ended.hasMoved && onClick) onClick();
  });
  canvas.addEventListener("pointercancel", () => (drag = null));
  canvas.addEventListener("pointerleave", () => drag || viewer.hover(null, null));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    if (!viewer.film) return;
    if (onClick && viewer.isScrolling && !event.ctrlKey) return; // the wheel moves the thumbnails
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400));
    viewer.view = zoomAt(viewer.view, factor, filePoint(viewer, canvas, event));
    viewer.redraw();
  }, { passive: false });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Whether a key meant something to the viewer; then the page must not take it for its own. */
function takeKey(viewer, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key in ARROWS) return moveByKey(viewer, ARROWS[event.key], event.shiftKey);
  const act = {
    i: () => viewer.invert(),
    r: () => viewer.reset(),
    o: () => viewer.toggleOverlay(),
    b: () => viewer.toggleMode("box"),
    c: () => viewer.scene.canCover && viewer.toggleMode("cover"),
    f: () => viewer.fit(),
    g: () => viewer.toggleCompare(),
    "+": () => viewer.zoomBy(1.25),
    "=": () => viewer.zoomBy(1.25),
    "-": () => viewer.zoomBy(0.8),
    Escape: () => viewer.isBoxing && viewer.toggleMode(viewer.mode),
    Enter: () => viewer.isBoxing && viewer.commitBox(),
  }[event.key];
  if (act) act();
  else if (/^[1-9]$/.test(event.key)) viewer.promote(viewer.scene.panels[event.key - 1]?.key);
  return Boolean(act) || /^[1-9]$/.test(event.key);
}

/** Arrows pan; while a box is drawn they move it, and with shift its far corner. */
function moveByKey(viewer, [dx, dy], isShifted) {
  const step = Math.max(viewer.film.width, viewer.film.height) / (50 * viewer.view.zoom);
  if (viewer.isBoxing) {
    const [x, y, width, height] = viewer.draft ?? viewer.firstBox();
    const near = isShifted ? [x, y] : [x + dx * step, y + dy * step];
    const far = [x + width + dx * step, y + height + dy * step];
    viewer.draft = boxBetween(near, far, viewer.film);
  } else {
    viewer.view = { ...viewer.view, x: viewer.view.x + dx * step, y: viewer.view.y + dy * step };
  }
  viewer.redraw();
  return true;
}
