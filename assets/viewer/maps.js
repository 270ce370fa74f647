// Maps: values to colours by the table that Python sent; nothing here stretches a scale.

const SMOOTH_SIDE = 112;
const STEPS = 254; // rows 1 to 255 of a scale's table go from its low to its high end
const coloureds = new WeakMap(); // map -> Map(scale -> { threshold, canvas })
const outlines = new WeakMap(); // map -> Map(region -> Path2D); region -1 is every border

/** The place 0 to 1 of a value on its scale. */
function shareOf(value, scale) {
  return Math.min(1, Math.max(0, (value - scale.low) / (scale.high - scale.low)));
}

/** The value under a point (u, v) in 0 to 1 of the square, and the index of its region or patch. */
function valueAt(map, u, v) {
  if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) return null;
  const [rows, columns] = map.labels ? map.labels.shape : map.shape;
  const place = Math.floor(v * rows) * columns + Math.floor(u * columns);
  const index = map.labels ? map.labels.values[place] : place;
  return { index, value: map.values[index] };
}

/** A grid's value between the centres of its cells: values are interpolated, never colours. */
function smoothValue(map, u, v) {
  const [rows, columns] = map.shape;
  const y = Math.min(rows - 1, Math.max(0, v * rows - 0.5));
  const x = Math.min(columns - 1, Math.max(0, u * columns - 0.5));
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const [below, right] = [Math.min(rows - 1, row + 1), Math.min(columns - 1, column + 1)];
  const at = (r, c) => map.values[r * columns + c];
  const upper = at(row, column) + (x - column) * (at(row, right) - at(row, column));
  const lower = at(below, column) + (x - column) * (at(below, right) - at(below, column));
  return upper + (y - row) * (lower - upper);
}

/** Whether a value is far enough from zero to be shown: `threshold` is a share of the scale's end. */
function isShown(value, scale, threshold) {
  return Math.abs(value) >= threshold * Math.max(Math.abs(scale.low), Math.abs(scale.high));
}

/** The map in colours, as a canvas of its own resolution; below the threshold it is transparent. */
function coloured(map, scale, threshold) {
  if (!coloureds.has(map)) coloureds.set(map, new Map());
  const known = coloureds.get(map).get(scale);
  if (known?.threshold === threshold) return known.canvas;
  const [rows, columns] = map.isSmooth
    ? [SMOOTH_SIDE, SMOOTH_SIDE]
    : map.labels ? map.labels.shape : map.shape;
  const image = new ImageData(columns, rows);
  for (let place = 0; place < rows * columns; place += 1) {
    const [u, v] = [((place % columns) + 0.5) / columns, (Math.floor(place / columns) + 0.5) / rows];
    const value = map.isSmooth ? smoothValue(map, u, v) : valueAt(map, u, v).value;
    if (!isShown(value, scale, threshold)) continue;
    const entry = 4 * (1 + Math.round(STEPS * shareOf(value, scale)));
    image.data.set(scale.table.subarray(entry, entry + 4), 4 * place);
  }
  const canvas = blankCanvas(columns, rows);
  canvas.getContext("2d").putImageData(image, 0, 0);
  coloureds.get(map).set(scale, { threshold, canvas });
  return canvas;
}

/** Lay a map over the square it was read from, where the film is. */
function drawMap(context, film, frame, { map, scale, crop, opacity, threshold }) {
  const { left, top } = frame;
  const side = crop.side * frame.scale;
  context.save();
  context.beginPath();
  context.rect(left, top, film.width * frame.scale, film.height * frame.scale);
  context.clip();
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = map.isSmooth;
  context.drawImage(
    coloured(map, scale, threshold), left + crop.left * frame.scale, top + crop.top * frame.scale, side, side,
  );
  context.restore();
}

/** Outline one region or patch, or with region −1 the borders of all. */
function drawOutline(context, frame, { map, crop, region, style, width }) {
  const place = new DOMMatrix([
    crop.side * frame.scale, 0, 0, crop.side * frame.scale,
    frame.left + crop.left * frame.scale, frame.top + crop.top * frame.scale,
  ]);
  const path = new Path2D();
  path.addPath(outlineOf(map, region), place);
  context.strokeStyle = style;
  context.lineWidth = width * devicePixelRatio;
  context.stroke(path);
}

function outlineOf(map, region) {
  if (!outlines.has(map)) outlines.set(map, new Map());
  const known = outlines.get(map);
  if (!known.has(region)) {
    known.set(region, map.labels ? labelBorder(map.labels, region) : cellBorder(map.shape, region));
  }
  return known.get(region);
}

function cellBorder([rows, columns], cell) {
  const path = new Path2D();
  path.rect((cell % columns) / columns, Math.floor(cell / columns) / rows, 1 / columns, 1 / rows);
  return path;
}

/** Edges between pixels of different regions, in 0 to 1 of the square, in runs as long as they are straight. */
function labelBorder({ shape: [rows, columns], values }, region) {
  const path = new Path2D();
  const differs = (one, other) =>
    values[one] !== values[other] && (region < 0 || values[one] === region || values[other] === region);
  for (let row = 0; row + 1 < rows; row += 1) {
    const y = (row + 1) / rows;
    const isEdge = (column) => differs(row * columns + column, (row + 1) * columns + column);
    addRuns(columns, isEdge, (from, to) => (path.moveTo(from, y), path.lineTo(to, y)));
  }
  for (let column = 0; column + 1 < columns; column += 1) {
    const x = (column + 1) / columns;
    const isEdge = (row) => differs(row * columns + column, row * columns + column + 1);
    addRuns(rows, isEdge, (from, to) => (path.moveTo(x, from), path.lineTo(x, to)));
  }
  return path;
}

function addRuns(count, isEdge, add) {
  let from = -1;
  for (let place = 0; place <= count; place += 1) {
    const isOn = place < count && isEdge(place);
    if (isOn && from < 0) from = place;
    if (!isOn && from >= 0) {
      add(from / count, place / count);
      from = -1;
    }
  }
}
