// Levels of a film: level k holds means over squares of 2^k file pixels, all of them 16-bit codes.

const SMALLEST_SIDE = 96; // pixels of the last level's long side, less than any panel's
const TOKEN_BYTES = 32; // before a level, see film.py
const TRIES = 4;
const PAUSE_MS = 150; // before the second attempt, and longer before each further one

/** Means of 2 × 2 codes, rounded half up; an odd last row or column stands for its double. */
function halved({ columns, rows, values }) {
  const [across, down] = [(columns + 1) >> 1, (rows + 1) >> 1];
  const means = new Uint16Array(across * down);
  for (let row = 0; row < down; row += 1) {
    const upper = 2 * row * columns;
    const lower = Math.min(2 * row + 1, rows - 1) * columns;
    for (let column = 0; column < across; column += 1) {
      const left = 2 * column;
      const right = left + 1 < columns ? left + 1 : left;
      const total = values[upper + left] + values[upper + right] + values[lower + left] + values[lower + right];
      means[row * across + column] = (total + 2) >> 2;
    }
  }
  return { columns: across, rows: down, values: means };
}

/** The levels with all that are smaller than the last of them. */
function withSmaller(levels) {
  let last = levels[levels.length - 1];
  while (Math.max(last.columns, last.rows) > SMALLEST_SIDE) levels.push((last = halved(last)));
  return levels;
}

/** The bytes of a level; a page that is just drawn anew has it a little later. */
async function fetchLevel(address) {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // Not kept on disk by the browser: it is a patient's. A range is what the server does not deflate,
    // which of a film takes seconds and saves a tenth.
    const answer = await fetch(address, { cache: "no-store", headers: { Range: "bytes=0-" } }).catch((error) => error);
    if (answer.ok) return answer.arrayBuffer();
    console.warn(`A level of the film was expected, however the answer was ${answer.status ?? answer.message}.`);
    await new Promise((done) => setTimeout(done, PAUSE_MS * attempt));
  }
  return null;
}

/** In the worker: fetch the codes and reduce them to every level that the page has not got. */
async function readFull({ address, columns, rows, count }) {
  const buffer = await fetchLevel(address);
  if (!buffer) return null;
  const levels = [{ columns, rows, values: new Uint16Array(buffer, TOKEN_BYTES) }];
  while (levels.length < count) levels.push(halved(levels[levels.length - 1]));
  return levels;
}

const WORKER = `
const TOKEN_BYTES = ${TOKEN_BYTES}, TRIES = ${TRIES}, PAUSE_MS = ${PAUSE_MS};
${halved}
${fetchLevel}
${readFull}
onmessage = ({ data }) => readFull(data).then(
  (levels) => postMessage(levels, (levels ?? []).map(({ values }) => values.buffer)),
);`;

/** The levels above the display level, read and reduced beside the page; null where they do not come. */
async function readLevels(address, film) {
  const script = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(script);
  return new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = ({ message }) => done(console.warn(message) ?? null);
    worker.postMessage({
      address: new URL(address, location.origin).href,
      columns: film.width, rows: film.height, count: film.level,
    });
  }).finally(() => {
    worker.terminate();
    URL.revokeObjectURL(script);
  });
}

/** The level to draw at a scale (canvas pixels per file pixel): the largest pixels that are no larger than the canvas's. */
function levelFor(film, scale) {
  const wanted = Math.floor(Math.log2(1 / scale) + 1e-9);
  return Math.min(film.levels.length - 1, Math.max(film.first, wanted));
}

/** The code at a file pixel, of the finest level there is; null outside the film. */
function codeAt(film, [x, y]) {
  if (x < 0 || y < 0 || x >= film.width || y >= film.height) return null;
  const { columns, values } = film.levels[film.first];
  return values[(Math.floor(y) >> film.first) * columns + (Math.floor(x) >> film.first)];
}
