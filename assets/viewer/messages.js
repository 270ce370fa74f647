// What Python sends: one blob, a JSON header and raw arrays behind it; and the films it named.

const ARRAY_TYPES = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };
const FILMS_KEPT = 3;
const films = new Map(); // content hash -> film
const addresses = new Map(); // content hash -> where its full level is
const viewers = new Set();

/** The message with the values of its arrays in place. */
function unpack(data) {
  const bytes = data.slice(); // the socket's buffer may start anywhere; typed arrays may not
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const message = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  for (const array of Object.values(message.arrays)) {
    array.values = new ARRAY_TYPES[array.dtype](bytes.buffer, 4 + length + array.offset, array.count);
  }
  return message;
}

/** Keep a film for as long as a scene may name it; the oldest go. */
function rememberFilm(message) {
  if (films.has(message.hash)) return;
  performance.mark("xattn-film"); // what the benchmarks ask for, as other marks
  const { arrays, presets, level } = message;
  for (const preset of presets) if (preset.table) preset.table = arrays[preset.table].values;
  const [rows, columns] = arrays.level.shape;
  const levels = [];
  levels[level] = { columns, rows, values: arrays.level.values };
  films.set(message.hash, { ...message, levels: withSmaller(levels), first: level });
  for (const hash of [...films.keys()].slice(0, -FILMS_KEPT)) films.delete(hash);
  viewers.forEach((viewer) => viewer.redraw());
}

/** Where the full level of the film in hand is; the film itself may come before or after this. */
function rememberAddress({ hash, address }) {
  addresses.clear();
  addresses.set(hash, address);
  fetchFull(hash);
}

/** Fetch the full level of a film that is seen and has it not; what comes is kept with the film. */
function fetchFull(hash) {
  const [film, address] = [films.get(hash), addresses.get(hash)];
  if (!address || !film?.isPainted || film.first === 0 || film.isFetching) return;
  film.isFetching = true;
  readLevels(address, film).then((larger) => {
    film.isFetching = false;
    if (!larger) return;
    larger.forEach((level, number) => (film.levels[number] = level));
    film.first = 0;
    performance.mark("xattn-full");
    viewers.forEach((viewer) => viewer.redraw());
  });
}
