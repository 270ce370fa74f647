// Ruler: lengths between file pixels, in millimetres where the file says how far those lie apart.

const SHORTEST_LINE = 1; // file pixels
const RULER = "#ffd166"; // apart from every scale's colours and from the box

/** The length of a line [x1, y1, x2, y2] in file pixels, and in mm; null where no spacing is known. */
function lengthOf(film, [x1, y1, x2, y2]) {
  const pixels = Math.hypot(x2 - x1, y2 - y1);
  if (!film.spacing) return { pixels, mm: null };
  const [betweenRows, betweenColumns] = film.spacing;
  return { pixels, mm: Math.hypot((x2 - x1) * betweenColumns, (y2 - y1) * betweenRows) };
}

function lengthWords(film, line) {
  const { pixels, mm } = lengthOf(film, line);
  return mm === null ? `${pixels.toFixed(1)} px` : `${mm.toFixed(1)} mm`;
}

/** The length with what it holds for. */
function rulerWords(film, line) {
  return [lengthWords(film, line), film.spacingNote].filter(Boolean).join(", ");
}

/** A first line where none is drawn yet: a third of what is seen, about its middle. */
function firstLine(viewer) {
  const { film, view } = viewer;
  const half = Math.min(film.width, film.height) / (6 * view.zoom);
  return [view.x - half, view.y, view.x + half, view.y];
}

function keepLine(viewer) {
  const { film, line } = viewer;
  viewer.line = null;
  if (line && lengthOf(film, line).pixels >= SHORTEST_LINE) {
    film.rulers = [...(film.rulers ?? []), line];
    announce(viewer, `Ruler ${rulerWords(film, line)}`);
  }
  viewer.redraw();
}

function dropLine(viewer) {
  viewer.film.rulers = (viewer.film.rulers ?? []).slice(0, -1);
  announce(viewer, `${viewer.film.rulers.length} rulers left`);
  viewer.redraw();
}

function drawRulers(context, viewer, frame) {
  const { film, line } = viewer;
  for (const each of [...(film.rulers ?? []), ...(line ? [line] : [])]) drawRuler(context, film, frame, each);
}

function drawRuler(context, film, frame, line) {
  const { left, top, scale } = frame;
  const [x1, y1, x2, y2] = line.map((value, place) => (place % 2 ? top : left) + value * scale);
  const along = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(5 * devicePixelRatio * (y2 - y1)) / along, (5 * devicePixelRatio * (x1 - x2)) / along];
  context.save();
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  for (const [x, y] of [[x1, y1], [x2, y2]]) {
    context.moveTo(x - dx, y - dy);
    context.lineTo(x + dx, y + dy);
  }
  strokeTwice(context, RULER);
  context.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
  const words = lengthWords(film, line);
  const beside = Math.max(x1, x2) + 8 * devicePixelRatio;
  const isRoom = beside + context.measureText(words).width < context.canvas.width;
  const [x, y] = isRoom ? [beside, x1 > x2 ? y1 : y2] : [Math.min(x1, x2), Math.min(y1, y2) - 10 * devicePixelRatio];
  context.lineWidth = 4 * devicePixelRatio;
  context.strokeStyle = "rgba(0, 0, 0, 0.8)";
  context.strokeText(words, x, y);
  context.fillStyle = RULER;
  context.fillText(words, x, y);
  context.restore();
}

/** A line that is seen on black as on white. */
function strokeTwice(context, style) {
  for (const [width, colour] of [[3.5, "rgba(0, 0, 0, 0.7)"], [1.5, style]]) {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = colour;
    context.stroke();
  }
}

const BAR_MM = [1, 2, 5, 10, 20, 50, 100, 200];

/** A bar of a round length in the corner of the stage; none where no spacing is known. */
function showBar(viewer, frame) {
  const { bar, large } = viewer.parts;
  const { spacing } = viewer.film;
  bar.hidden = !spacing || !large.width;
  if (bar.hidden) return;
  const perMm = ((frame.scale / spacing[1]) * large.clientWidth) / large.width;
  const mm = BAR_MM.findLast((length) => length * perMm <= 160) ?? BAR_MM[0];
  bar.style.width = `${mm * perMm}px`;
  bar.textContent = `${mm} mm`;
}
