// Tone: from 16-bit codes to grey by the VOI transformation, then polarity (PS3.3 C.11.2, C.7.6.3.1.2).

const OPAQUE = 0xff000000;
const DRAG_PIXELS = 400; // a drag of this length changes by the width of the film's own window
const KEY_STEP = 1 / 16; // of that width

/** A preset of the film as the tone in use; `isInverted` is what the reader did, not the file. */
function toneOf(film, number) {
  return { ...film.presets[number], preset: number, isInverted: false };
}

/** Whether low values are shown bright. */
function isReversed(film, tone) {
  return film.isInverted !== tone.isInverted;
}

/** The function from values to brightness 0 to 1, before polarity. */
function brightnessOf({ table, first, bits, centre, width, function: shape }) {
  const clip = (share) => Math.min(1, Math.max(0, share));
  if (table) {
    const top = 2 ** bits - 1;
    return (value) => Math.min(1, table[Math.min(table.length - 1, Math.max(0, Math.floor(value) - first))] / top);
  }
  if (shape === "SIGMOID") {
    return (value) => 1 / (1 + Math.exp(-Math.min(40, Math.max(-40, (4 * (value - centre)) / width))));
  }
  if (shape === "LINEAR_EXACT") return (value) => clip((value - centre) / width + 0.5);
  if (width === 1) return (value) => (value > centre - 0.5 ? 1 : 0);
  return (value) => clip((value - (centre - 0.5)) / (width - 1) + 0.5);
}

/** Round half to even, as NumPy does. */
function rint(value) {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 ? up - 1 : up;
}

/** The pixels (RGBA in one number) of every code that the film has; made anew when the tone changes. */
function tableOf(film, tone) {
  if (film.tonedFor === tone) return film.toned;
  film.toned ??= new Uint32Array(2 ** 16).fill(OPAQUE);
  const brightness = brightnessOf(tone);
  const isTurned = isReversed(film, tone);
  const [low, high] = film.codes;
  for (let code = low; code <= high; code += 1) {
    const share = brightness(film.intercept + film.slope * code);
    const grey = rint(255 * (isTurned ? 1 - share : share));
    film.toned[code] = (OPAQUE | (grey << 16) | (grey << 8) | grey) >>> 0;
  }
  film.tonedFor = tone;
  return film.toned;
}

/** The tone with a window: a table's own rise from 2 to 98 per cent where it has none. */
function windowed(film, tone) {
  if (!tone.table) return tone;
  const top = 2 ** tone.bits - 1;
  const rise = [0.02, 0.98].map((share) => tone.table.findIndex((entry) => entry >= share * top));
  const [low, high] = rise.map((place, end) => tone.first + (place < 0 ? end * (tone.table.length - 1) : place));
  return {
    name: "", function: "LINEAR_EXACT", preset: null, isInverted: tone.isInverted,
    centre: (low + high) / 2, width: Math.max(2 * film.slope, Math.abs(high - low)),
  };
}

/** Window and level moved by parts of the film's own window; up is brighter whatever the polarity. */
function movedTone(film, tone, { wider, darker }) {
  const from = windowed(film, tone);
  const unit = windowed(film, toneOf(film, 0)).width;
  const away = isReversed(film, { isInverted: false }) ? -1 : 1;
  const limit = 4 * film.slope * 2 ** 16;
  const width = Math.min(limit, Math.max(2 * film.slope, from.width + wider * unit));
  const centre = Math.min(limit, Math.max(-limit, from.centre + away * darker * unit));
  return { ...from, width, centre, preset: null, name: "" };
}

/** The next of the film's presets, or the one before; the polarity stays. */
function nextTone(film, tone, step) {
  const many = film.presets.length;
  const number = ((tone.preset ?? (step > 0 ? -1 : 0)) + step + many) % many;
  return { ...toneOf(film, number), isInverted: tone.isInverted };
}

/** Centre and width as a reading station writes them. */
function toneWords(tone) {
  if (tone.table) return `table ${tone.name}`.trim();
  const digits = tone.width < 10 ? 2 : 0;
  return `C ${tone.centre.toFixed(digits).replace("-", "−")} W ${tone.width.toFixed(digits)}`;
}
