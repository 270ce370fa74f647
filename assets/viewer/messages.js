// What Python sends: one blob, a JSON header and raw arrays behind it.

const ARRAY_TYPES = { uint8: Uint8Array, float32: Float32Array };
const FILMS_KEPT = 3;
const films = new Map(); // content hash -> film
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
  const [rows, columns] = message.arrays.texture.shape;
  films.set(message.hash, { ...message, rows, columns, values: message.arrays.texture.values });
  for (const hash of [...films.keys()].slice(0, -FILMS_KEPT)) films.delete(hash);
  viewers.forEach((viewer) => viewer.redraw());
}
