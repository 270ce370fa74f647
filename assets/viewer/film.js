// The film: its place on the canvas, and what is drawn on it but maps.

/** Where the film lies on a canvas, in canvas pixels; `view` is the file pixel in the middle. */
function frameOf(canvas, film, view) {
  const fit = Math.min(canvas.width / film.width, canvas.height / film.height);
  const scale = fit * view.zoom;
  return {
    scale,
    left: Math.round(canvas.width / 2 - view.x * scale), // whole pixels: at 1 : 1 nothing is blurred
    top: Math.round(canvas.height / 2 - view.y * scale),
  };
}

function resetView(film) {
  return { x: film.width / 2, y: film.height / 2, zoom: 1 };
}

/** The view of a square of the film with a little of its surround. */
function viewOf(film, crop, canvas) {
  const fit = Math.min(canvas.width / film.width, canvas.height / film.height);
  const zoom = Math.min(canvas.width, canvas.height) / (1.15 * crop.side * fit);
  return { x: crop.left + crop.side / 2, y: crop.top + crop.side / 2, zoom };
}

/** The zoom at which one file pixel is one pixel of the canvas. */
function actualZoom(film, canvas) {
  return Math.max(film.width / canvas.width, film.height / canvas.height);
}

/** Zoom by a factor so that the file pixel under the pointer stays there. */
function zoomAt(view, factor, [x, y]) {
  const zoom = Math.min(40, Math.max(0.5, view.zoom * factor));
  const kept = view.zoom / zoom;
  return { x: x + (view.x - x) * kept, y: y + (view.y - y) * kept, zoom };
}

/** Draw the film as it lies on a canvas; a coarse picture is for while it moves on a slow machine. */
function drawFilm(context, viewer, frame, coarseness) {
  const picture = pictureOf(viewer, context.canvas, frame, coarseness);
  context.imageSmoothingEnabled = coarseness > 1;
  context.drawImage(picture, 0, 0, picture.width * coarseness, picture.height * coarseness);
}

/** Hatch the film outside the square that the model read: not read is not "no contribution". */
function drawNotRead(context, film, frame, crop) {
  const { left, top, scale } = frame;
  context.save();
  context.beginPath();
  context.rect(left, top, film.width * scale, film.height * scale);
  context.rect(left + crop.left * scale, top + crop.top * scale, crop.side * scale, crop.side * scale);
  context.clip("evenodd");
  context.fillStyle = "rgba(6, 9, 11, 0.28)";
  context.fill("evenodd");
  context.fillStyle = context.createPattern(hatching(), "repeat");
  context.fillRect(left, top, film.width * scale, film.height * scale);
  context.restore();
}

let hatchingTile = null;

function hatching() {
  if (hatchingTile) return hatchingTile;
  hatchingTile = blankCanvas(12, 12);
  const context = hatchingTile.getContext("2d");
  context.strokeStyle = "rgba(211, 218, 224, 0.22)";
  context.beginPath();
  for (const shift of [-12, 0, 12]) {
    context.moveTo(shift, 12);
    context.lineTo(shift + 12, 0);
  }
  context.stroke();
  return hatchingTile;
}

function drawBox(context, [x, y, width, height], frame, { isDashed = false, style = "#e0b04c" } = {}) {
  const { left, top, scale } = frame;
  context.save();
  context.strokeStyle = style;
  context.lineWidth = 1.5 * devicePixelRatio;
  context.setLineDash(isDashed ? [6, 4] : []);
  context.strokeRect(left + x * scale, top + y * scale, width * scale, height * scale);
  context.restore();
}

/** Grey out a covered area: it is a what-if, and looks like one. */
function drawCover(context, box, frame) {
  const [x, y, width, height] = box;
  context.save();
  context.fillStyle = "rgba(96, 104, 111, 0.92)";
  context.fillRect(frame.left + x * frame.scale, frame.top + y * frame.scale, width * frame.scale, height * frame.scale);
  context.restore();
  drawBox(context, box, frame, { isDashed: true });
}

function blankCanvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}
