// Composing a scene: every panel on its canvas, then the scale, the title and the read-out.

/** Put arrays in the place of their names. */
function resolveMaps(panel, arrays) {
  const mapOf = (name) => ({
    shape: arrays[name].shape, values: arrays[name].values,
    labels: panel.labels ? arrays[panel.labels] : null, isSmooth: panel.isSmooth,
  });
  if (panel.map) panel.map = mapOf(panel.map);
  for (const field of panel.fields ?? []) field.maps = field.maps.map(mapOf);
}

function mapOf(viewer, panel) {
  if (!panel.fields) return panel.map;
  const { maps } = fieldOf(viewer, panel);
  return maps[Math.min(viewer.head, maps.length - 1)];
}

/** The field that a panel shows: the one pointed at or chosen, else its first known one. */
function fieldOf(viewer, { fields }) {
  const wanted = viewer.lookedAt ?? viewer.field;
  return fields.find(({ name }) => name === wanted) ?? fields.find(({ isKnown }) => isKnown) ?? fields[0];
}

/** The scale of a panel; a relative map is drawn for or against, one side at a time. */
function scaleOf(viewer, panel) {
  const name = panel.sides ? panel.sides[viewer.side].scale : panel.scale;
  return viewer.scene.scales[name];
}

function drawScene(viewer) {
  const { large } = viewer.parts;
  const isSeen = fitToScreen(large) || fitToScreen(viewer.thumbs[0].canvas);
  if (!isSeen) return;
  const canvas = large.width ? large : viewer.thumbs[0].canvas;
  viewer.view ??= viewer.isFitted ? viewOf(viewer.film, viewer.scene.crop, canvas) : resetView(viewer.film);
  drawPanel(viewer, large, viewer.large);
  viewer.thumbs.forEach((thumb, place) => drawPanel(viewer, thumb.canvas, viewer.scene.panels[place]));
  labelTools(viewer);
  const scale = scaleOf(viewer, viewer.large);
  if (viewer.legendOf !== scale) drawLegend(viewer.parts.legend, scale);
  viewer.legendOf = scale;
  showReadout(viewer);
  showEvidence(viewer);
}

function drawPanel(viewer, canvas, panel) {
  const { film, scene, view } = viewer;
  const isSized = fitToScreen(canvas);
  if (!isSized) return;
  const context = canvas.getContext("2d");
  const frame = frameOf(canvas, film, view);
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawFilm(context, film, frame, viewer.tone);
  const map = mapOf(viewer, panel);
  if (scene.box) drawNotRead(context, film, frame, panel.crop ?? scene.crop);
  if (map && viewer.hasOverlay) {
    const opacity = (viewer.parts.opacity.value / 100) * (panel.isStale ? 0.4 : 1);
    const scale = scaleOf(viewer, panel);
    drawMap(context, film, frame, { map, scale, crop: panel.crop, opacity });
    if (map.labels) {
      const style = "rgba(211, 218, 224, 0.18)";
      drawOutline(context, frame, { map, crop: panel.crop, region: -1, style, width: 0.75 });
    }
  }
  if (map && viewer.hasOverlay && panel.frame) drawBox(context, panel.frame, frame, { style: "#ffffff" });
  if (scene.covered) drawCover(context, scene.covered.box, frame);
  const box = viewer.draft ?? scene.box;
  if (box) drawBox(context, box, frame, { isDashed: viewer.draft !== null });
  const found = map && pointedAt(viewer, panel, map);
  if (found) {
    drawOutline(context, frame, { map, crop: panel.crop, region: found.index, style: "#ffffff", width: 1.5 });
  }
}

/** Match the canvas to its place on the screen; false while it has none. */
function fitToScreen(canvas) {
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return width > 0 && height > 0;
}

/** By panel, the region or patch that is outlined; null where there is none. */
function outlinedRegions(viewer) {
  return viewer.scene.panels.map((panel) => {
    const map = mapOf(viewer, panel);
    return map ? (pointedAt(viewer, panel, map)?.index ?? null) : null;
  });
}

/** The region or patch of a panel's map under the shared pointer. */
function pointedAt(viewer, panel, map) {
  if (!viewer.pointed || !viewer.hasOverlay) return null;
  const [x, y] = viewer.pointed.point;
  if (x < 0 || y < 0 || x >= viewer.film.width || y >= viewer.film.height) return null;
  return valueAt(map, (x - panel.crop.left) / panel.crop.side, (y - panel.crop.top) / panel.crop.side);
}

const KEYS_OF_A_BOX = "By keyboard: arrows move, shift-arrows resize, Enter reads it, Escape leaves.";
const HINTS = {
  box: `Drag a box around the lesion. ${KEYS_OF_A_BOX}`,
  cover: `What if: drag an area to cover it and predict again; the case is not changed. ${KEYS_OF_A_BOX}`,
};

function labelTools(viewer) {
  const { parts, scene, tone, large } = viewer;
  const field = large.fields && fieldOf(viewer, large);
  const side = large.sides && `what speaks ${large.sides[viewer.side].label}`;
  const part = [field?.label.toLowerCase(), side].filter(Boolean).join(", ");
  parts.title.textContent = part ? `${large.title}: ${part}` : large.title;
  parts.title.title = parts.title.textContent;
  parts.tag.textContent = large.isStale ? STALE : large.state === "ready" ? "" : large.state;
  parts.tone.textContent = `C ${tone.centre.toFixed(0)} W ${tone.width.toFixed(0)}`;
  parts.invert.ariaPressed = String(tone.isInverted);
  parts.overlay.ariaPressed = String(viewer.hasOverlay);
  parts.box.ariaPressed = String(viewer.mode === "box");
  parts.cover.ariaPressed = String(viewer.mode === "cover");
  parts.cover.hidden = !scene.canCover;
  parts.compare.ariaPressed = String(viewer.isComparing);
  parts.clear.hidden = parts.fit.hidden = !scene.box;
  parts.fit.ariaPressed = String(viewer.isFitted);
  parts.hint.hidden = !viewer.isBoxing;
  parts.hint.textContent = HINTS[viewer.mode] ?? "";
  parts.large.classList.toggle("boxing", viewer.isBoxing);
  for (const thumb of viewer.thumbs) {
    thumb.figure.classList.toggle("isLarge", thumb.key === large.key);
    thumb.figure.classList.toggle("isStale", viewer.scene.panels.find(({ key }) => key === thumb.key).isStale);
  }
}

function showReadout(viewer) {
  const { parts, film, scene, pointed } = viewer;
  const panel = scene.panels.find(({ key }) => key === pointed?.key);
  parts.reads.hidden = true;
  parts.readout.textContent = "";
  if (!panel) return;
  const [x, y] = pointed.point;
  const grey = greyAt(film, pointed.point);
  if (grey === null) return;
  const words = [`x ${Math.floor(x)}, y ${Math.floor(y)} px`, `grey ${grey} of 255`];
  const map = mapOf(viewer, panel);
  const found = map && pointedAt(viewer, panel, map);
  if (found) {
    const isOutside = panel.frame && found.index === 0; // the first region is what its box leaves out
    if (isOutside) words.push("outside the box that the model chose");
    else words.push(`${map.labels ? "region" : "patch"} ${found.index + 1}: ${panel.kind === "contribution" ? signed(found.value) : plain(found.value)} ${panel.unit}`);
  } else if (map) words.push("not read");
  parts.readout.textContent = words.join(" · ");
  if (found && panel.kind === "attention") {
    parts.reads.hidden = false;
    drawReads(parts.reads, panel, found.index, viewer.head);
  }
}

function plain(value) {
  return value === 0 ? "0" : value.toPrecision(3).replace("-", "−");
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
