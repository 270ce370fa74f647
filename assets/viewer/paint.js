// Painting: the part of the film that a canvas shows, code by code through the tone's table.
// Codes are interpolated, never greys, so that a window shows what the detector saw between pixels.

const BLOCKS_FROM = 3; // canvas pixels per file pixel from which pixels are shown as squares
const WEIGHT_BITS = 7; // of each interpolation share: 16 + 2 × 7 bits stay below 2^30
const WEIGHT = 1 << WEIGHT_BITS;
const HALF = 1 << (2 * WEIGHT_BITS - 1);
const PICTURES_KEPT = 12; // thumbnails may differ by a pixel

/** For each canvas pixel of one axis the two level pixels about it, and the share of the second. */
function samplesOf(length, { start, step, count, end, isBlocky }) {
  const from = Math.min(length, Math.max(0, Math.ceil(start - 0.5)));
  const to = Math.max(from, Math.min(length, Math.ceil(end - 0.5)));
  const [near, far, share] = [new Int32Array(length), new Int32Array(length), new Int32Array(length)];
  for (let place = from; place < to; place += 1) {
    const exact = (place + 0.5 - start) / step;
    const centred = isBlocky ? Math.floor(exact) : exact - 0.5;
    const first = Math.floor(centred);
    near[place] = Math.min(count - 1, Math.max(0, first));
    far[place] = Math.min(count - 1, Math.max(0, first + 1));
    share[place] = Math.round((centred - first) * WEIGHT);
  }
  return { from, to, near, far, share };
}

/** Paint a film into pixels (RGBA in one number each) of a picture as wide and high as given. */
function paint({ width, height, pixels }, film, frame, table) {
  const number = levelFor(film, frame.scale);
  const { columns, rows, values } = film.levels[number];
  const step = frame.scale * 2 ** number;
  const isBlocky = number === 0 && frame.scale >= BLOCKS_FROM;
  const across = samplesOf(width, {
    start: frame.left, step, count: columns, end: frame.left + film.width * frame.scale, isBlocky,
  });
  const down = samplesOf(height, {
    start: frame.top, step, count: rows, end: frame.top + film.height * frame.scale, isBlocky,
  });
  pixels.fill(OPAQUE);
  const paintRow = isBlocky ? rowOfBlocks : rowBetween;
  for (let y = down.from; y < down.to; y += 1) {
    paintRow(pixels, y * width, across, { values, table, upper: down.near[y] * columns, lower: down.far[y] * columns, share: down.share[y] });
  }
}

function rowBetween(pixels, start, { from, to, near, far, share: shares }, { values, table, upper, lower, share }) {
  const rest = WEIGHT - share;
  for (let x = from; x < to; x += 1) {
    const [left, right, weight] = [near[x], far[x], shares[x]];
    const other = WEIGHT - weight;
    const above = values[upper + left] * other + values[upper + right] * weight;
    const below = values[lower + left] * other + values[lower + right] * weight;
    pixels[start + x] = table[(above * rest + below * share + HALF) >>> (2 * WEIGHT_BITS)];
  }
}

function rowOfBlocks(pixels, start, { from, to, near }, { values, table, upper }) {
  for (let x = from; x < to; x += 1) pixels[start + x] = table[values[upper + near[x]]];
}

/** The film as it lies on a canvas of this size; panels of one size share one picture. */
function pictureOf(viewer, { width, height }, frame, coarseness = 1) {
  const { film, tone, pictures } = viewer;
  const size = [Math.ceil(width / coarseness), Math.ceil(height / coarseness)];
  const name = size.join("×");
  const known = pictures.get(name) ?? blankPicture(...size);
  pictures.delete(name);
  pictures.set(name, known); // the last used stands last
  for (const oldest of [...pictures.keys()].slice(0, -PICTURES_KEPT)) pictures.delete(oldest);
  const { scale, left, top } = frame;
  const state = [film.hash, film.first, scale, left, top].join();
  if (known.state === state && known.tone === tone) return known.canvas;
  const place = { scale: scale / coarseness, left: left / coarseness, top: top / coarseness };
  paint(known, film, place, tableOf(film, tone));
  known.context.putImageData(known.image, 0, 0);
  Object.assign(known, { state, tone });
  return known.canvas;
}

function blankPicture(width, height) {
  const canvas = blankCanvas(width, height);
  const image = new ImageData(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  return { width, height, canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
}
