// The film: place on the canvas, window and level, hatching of what was not read.

const SMALL_SIDE = 640; // long side of the copy for thumbnails

/** Where the film lies on a canvas, in canvas pixels; `view` is the file pixel in the middle. */
function frameOf(canvas, film, view) {
  const fit = Math.min(canvas.width / film.width, canvas.height / film.height);
  const scale = fit * view.zoom;
  return {
    scale,
    left: canvas.width / 2 - view.x * scale,
    top: canvas.height / 2 - view.y * scale,
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

/** Zoom by a factor so that the file pixel under the pointer stays there. */
function zoomAt(view, factor, [x, y]) {
  const zoom = Math.min(40, Math.max(0.5, view.zoom * factor));
  const kept = view.zoom / zoom;
  return { x: x + (view.x - x) * kept, y: y + (view.y - y) * kept, zoom };
}

/** Put the 8-bit texture through the window, in full and small; only when the window changes. */
function tone8bit(film, tone) {
  const key = `${tone.centre}/${tone.width}/${tone.isInverted}`;
  if (film.tonedFor === key) return;
  const table = new Uint32Array(256);
  for (let value = 0; value < 256; value += 1) {
    const share = Math.min(1, Math.max(0, (value - tone.centre) / tone.width + 0.5));
    const grey = Math.round(255 * (tone.isInverted ? 1 - share : share));
    table[value] = ((255 << 24) | (grey << 16) | (grey << 8) | grey) >>> 0;
  }
  film.canvas ??= blankCanvas(film.columns, film.rows);
  film.image ??= new ImageData(film.columns, film.rows);
  const pixels = new Uint32Array(film.image.data.buffer);
  film.values.forEach((value, place) => (pixels[place] = table[value]));
  film.canvas.getContext("2d").putImageData(film.image, 0, 0);
  film.tonedFor = key;
  const share = Math.min(1, SMALL_SIDE / Math.max(film.columns, film.rows));
  film.small = blankCanvas(Math.ceil(film.columns * share), Math.ceil(film.rows * share));
  const small = film.small.getContext("2d");
  small.imageSmoothingQuality = "high";
  small.drawImage(film.canvas, 0, 0, film.small.width, film.small.height);
}

/** The grey value 0 to 255 of the display texture at a file pixel; null outside the film. */
function greyAt(film, [x, y]) {
  if (x < 0 || y < 0 || x >= film.width || y >= film.height) return null;
  const column = Math.floor((x / film.width) * film.columns);
  const row = Math.floor((y / film.height) * film.rows);
  return film.values[row * film.columns + column];
}

function drawFilm(context, film, frame, tone) {
  context.imageSmoothingEnabled = frame.scale * (film.width / film.columns) < 3;
  context.imageSmoothingQuality = "high";
  tone8bit(film, tone);
  const { left, top, scale } = frame;
  const [width, height] = [film.width * scale, film.height * scale];
  const picture = Math.max(width, height) > SMALL_SIDE ? film.canvas : film.small;
  context.drawImage(picture, left, top, width, height);
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
