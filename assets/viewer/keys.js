// Keyboard: everything that the pointer can do.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const KEYS = {
  i: (viewer) => viewer.invert(),
  r: (viewer) => viewer.reset(),
  w: (viewer) => viewer.stepPreset(1),
  W: (viewer) => viewer.stepPreset(-1),
  "[": (viewer) => viewer.moveTone({ wider: -KEY_STEP, darker: 0 }),
  "]": (viewer) => viewer.moveTone({ wider: KEY_STEP, darker: 0 }),
  ",": (viewer) => viewer.moveTone({ wider: 0, darker: KEY_STEP }),
  ".": (viewer) => viewer.moveTone({ wider: 0, darker: -KEY_STEP }),
  a: (viewer) => viewer.showActual(),
  z: (viewer) => toggleLens(viewer),
  m: (viewer) => viewer.toggleMode("ruler"),
  o: (viewer) => viewer.toggleOverlay(),
  l: (viewer) => viewer.lookWith({ hasOutlines: !viewer.hasOutlines }),
  b: (viewer) => viewer.toggleMode("box"),
  c: (viewer) => viewer.scene.canCover && viewer.toggleMode("cover"),
  f: (viewer) => viewer.fit(),
  g: (viewer) => viewer.toggleCompare(),
  "+": (viewer) => viewer.zoomBy(1.25),
  "=": (viewer) => viewer.zoomBy(1.25),
  "-": (viewer) => viewer.zoomBy(0.8),
  Backspace: (viewer) => dropLine(viewer),
  Delete: (viewer) => dropLine(viewer),
  Escape: (viewer) => (viewer.mode ? viewer.toggleMode(viewer.mode) : viewer.hasLens && toggleLens(viewer)),
  Enter: (viewer) => (viewer.isBoxing ? viewer.commitBox() : viewer.mode && keepLine(viewer)),
};

/** Whether a key meant something to the viewer; then the page must not take it for its own. */
function takeKey(viewer, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
  const isPanel = /^[1-9]$/.test(event.key);
  const isOurs = Boolean(act) || isPanel || event.key in ARROWS;
  // Between a reset and the next frame there is no view; the page must not take "r" for its own.
  if (!isOurs || !viewer.view) return isOurs;
  if (act) act(viewer);
  else if (isPanel) viewer.promote(viewer.scene.panels[event.key - 1]?.key);
  else moveByKey(viewer, ARROWS[event.key], event.shiftKey);
  return true;
}

/** Arrows pan; while a box or line is drawn they move it, and with shift its far end. */
function moveByKey(viewer, [dx, dy], isShifted) {
  const step = Math.max(viewer.film.width, viewer.film.height) / (50 * viewer.view.zoom);
  const [right, down] = [dx * step, dy * step];
  if (viewer.isBoxing) {
    const [x, y, width, height] = viewer.draft ?? viewer.firstBox();
    const near = isShifted ? [x, y] : [x + right, y + down];
    viewer.draft = boxBetween(near, [x + width + right, y + height + down], viewer.film);
  } else if (viewer.mode === "ruler") {
    const [x1, y1, x2, y2] = viewer.line ?? firstLine(viewer);
    viewer.line = [...(isShifted ? [x1, y1] : [x1 + right, y1 + down]), x2 + right, y2 + down];
    announce(viewer, `Ruler ${lengthWords(viewer.film, viewer.line)}`);
  } else {
    viewer.view = { ...viewer.view, x: viewer.view.x + right, y: viewer.view.y + down };
  }
  viewer.redraw();
}
