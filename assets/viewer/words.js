// What the viewer says in words: title, tools, window, read-out, and what a screen reader is told.

const KEYS_OF_A_BOX = "By keyboard: arrows move, shift-arrows resize, Enter reads it, Escape leaves.";
const HINTS = {
  box: `Drag a box around the lesion. ${KEYS_OF_A_BOX}`,
  cover: `What if: drag an area to cover it and predict again; the case is not changed. ${KEYS_OF_A_BOX}`,
  ruler: "Drag to measure. By keyboard: arrows move, shift-arrows move the far end, Enter keeps it, Backspace takes the last away.",
};

/** The panel's title, with the field and the side that it shows. */
function titleOf(viewer) {
  const { large } = viewer;
  const field = large.fields && fieldOf(viewer, large);
  const side = large.sides && large.sides[viewer.side].words;
  const part = [field?.label.toLowerCase(), side].filter(Boolean).join(", ");
  return part ? `${large.title}: ${part}` : large.title;
}

function labelTools(viewer) {
  const { parts, scene, tone, large, mode } = viewer;
  parts.title.textContent = parts.title.title = titleOf(viewer);
  parts.tag.textContent = large.isStale ? STALE : large.state === "ready" ? "" : large.state;
  fillPresets(viewer);
  const pressed = {
    invert: tone.isInverted, overlay: viewer.hasOverlay, outlines: viewer.hasOutlines, lens: viewer.hasLens,
    ruler: mode === "ruler", box: mode === "box", cover: mode === "cover",
    compare: viewer.isComparing, fit: viewer.isFitted,
  };
  for (const [name, isOn] of Object.entries(pressed)) parts[name].ariaPressed = String(isOn);
  parts.cover.hidden = !scene.canCover;
  parts.clear.hidden = parts.fit.hidden = !scene.box;
  const hasMap = scene.panels.some((panel) => panel.map || panel.fields);
  for (const name of ["overlay", "outlines", "opacity", "threshold"]) parts[name].disabled = !hasMap;
  parts.hint.hidden = !mode;
  parts.hint.textContent = HINTS[mode] ?? "";
  parts.large.classList.toggle("boxing", mode !== null);
  for (const thumb of viewer.thumbs) {
    thumb.figure.classList.toggle("isLarge", thumb.key === large.key);
    thumb.figure.classList.toggle("isStale", scene.panels.find(({ key }) => key === thumb.key).isStale);
  }
}

/** The corners of the film: side and view, window, zoom, and whether all of it has come. */
function labelFilm(viewer, frame) {
  const { parts, film, tone } = viewer;
  parts.root.dataset.film = film.hash;
  parts.root.dataset.level = film.first === 0 ? "full" : "display";
  parts.marker.textContent = film.marker;
  for (const { figure } of viewer.thumbs) figure.dataset.marker = film.marker;
  const isReduced = film.first > 0 && frame.scale * 2 ** film.first > 1;
  const words = [
    toneWords(tone), tone.isInverted && "inverted", `${Math.round(100 * frame.scale)} %`,
    isReduced && "full resolution is coming", isOblong(film) && "pixels not square, shown as squares",
  ];
  parts.tone.textContent = words.filter(Boolean).join(" · ");
  const label = [`Radiograph ${film.marker}`.trim(), titleOf(viewer), overlayWords(viewer), ...words].filter(Boolean).join(", ");
  if (parts.large.ariaLabel !== label && !viewer.isMoving) parts.large.ariaLabel = label;
}

function overlayWords(viewer) {
  const { large, parts } = viewer;
  if (!mapOf(viewer, large)) return "no map";
  if (!viewer.hasOverlay) return "map hidden";
  const least = Number(parts.threshold.value);
  return `map at ${parts.opacity.value} %${least ? `, from ${least} % of its scale` : ""}`;
}

function isOblong({ spacing }) {
  return Boolean(spacing) && Math.abs(spacing[0] / spacing[1] - 1) > 0.01;
}

/** Tell a screen reader what a key did. */
function announce(viewer, words) {
  viewer.parts.live.textContent = words;
}

function showReadout(viewer) {
  const { parts, film, scene, pointed } = viewer;
  const panel = scene.panels.find(({ key }) => key === pointed?.key);
  parts.reads.hidden = true;
  parts.readout.textContent = "";
  const code = panel ? codeAt(film, pointed.point) : null;
  if (code === null) return;
  const [x, y] = pointed.point;
  const grey = tableOf(film, viewer.tone)[code] & 255;
  const words = [`x ${Math.floor(x)}, y ${Math.floor(y)} px`, `grey ${grey} of 255`, valueWords(film, code)];
  const map = mapOf(viewer, panel);
  const found = map && pointedAt(viewer, panel, map);
  if (found) {
    const isOutside = panel.frame && found.index === 0; // the first region is what its box leaves out
    if (isOutside) words.push("outside the box that the model chose");
    else words.push(`${map.labels ? "region" : "patch"} ${found.index + 1}: ${panel.kind === "contribution" ? signed(found.value) : plain(found.value)} ${panel.unit}`);
  } else if (map && viewer.hasOverlay) words.push("not read");
  parts.readout.textContent = words.join(" · ");
  if (found && panel.kind === "attention") {
    parts.reads.hidden = false;
    drawReads(parts.reads, panel, found.index, viewer.head);
  }
}

/** The stored value; a mean over file pixels while only a smaller level is there. */
function valueWords(film, code) {
  const value = film.intercept + film.slope * code;
  const digits = Number.isInteger(film.slope) ? 0 : 2;
  const words = `value ${value.toFixed(digits).replace("-", "−")}`;
  return film.first ? `${words} (mean of ${2 ** film.first} × ${2 ** film.first})` : words;
}

function plain(value) {
  return value === 0 ? "0" : value.toPrecision(3).replace("-", "−");
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
