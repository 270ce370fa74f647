// Composing a scene: every panel on its canvas, then the scale and what is said in words.

const LEAST_HEIGHT = 480; // CSS pixels
const BELOW = 12; // of them are left under the viewer

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
  const { parts, film, scene, thumbs } = viewer;
  const { large } = parts;
  fillPage(parts.root);
  const isSeen = fitToScreen(large) || fitToScreen(thumbs[0].canvas);
  if (!isSeen) return;
  const canvas = large.width ? large : thumbs[0].canvas;
  viewer.tone ??= toneOf(film, 0);
  viewer.view ??= viewer.isFitted ? viewOf(film, scene.crop, canvas) : resetView(film);
  drawPanel(viewer, large, viewer.large);
  thumbs.forEach((thumb, place) => drawPanel(viewer, thumb.canvas, scene.panels[place]));
  const frame = frameOf(canvas, film, viewer.view);
  labelTools(viewer);
  labelFilm(viewer, frame);
  showBar(viewer, frame);
  showScale(viewer);
  showReadout(viewer);
  showEvidence(viewer);
  showCursors(viewer);
  showLens(viewer);
  if (film.isPainted) return;
  film.isPainted = true;
  performance.mark("xattn-paint");
  requestAnimationFrame(() => fetchFilm(film.hash));
}

/** The viewer ends where the screen does, whatever stands above it: a film is read without scrolling. */
function fillPage(root) {
  const scrolled = document.querySelector("[data-testid=stMain]")?.scrollTop ?? 0;
  const top = root.getBoundingClientRect().top + scrolled;
  root.style.height = `${Math.max(LEAST_HEIGHT, Math.floor(innerHeight - top - BELOW))}px`;
}

function showScale(viewer) {
  const scale = scaleOf(viewer, viewer.large);
  const threshold = thresholdOf(viewer);
  const { legendOf } = viewer;
  if (legendOf && legendOf.scale === scale && legendOf.threshold === threshold) return;
  drawLegend(viewer.parts.legend, scale, threshold);
  viewer.legendOf = { scale, threshold };
}

/** The least strength that is shown, as a share of the scale's end. */
function thresholdOf({ parts }) {
  return parts.threshold.value / 100;
}

function drawPanel(viewer, canvas, panel) {
  const { film, scene, view } = viewer;
  const isSized = fitToScreen(canvas);
  if (!isSized) return;
  const context = canvas.getContext("2d", { alpha: false });
  const frame = frameOf(canvas, film, view);
  const isLarge = canvas === viewer.parts.large;
  const began = performance.now();
  drawFilm(context, viewer, frame, isLarge ? viewer.coarseness : 1);
  if (isLarge && viewer.coarseness === 1) viewer.paintMs = performance.now() - began;
  const map = mapOf(viewer, panel);
  if (scene.box) drawNotRead(context, film, frame, panel.crop ?? scene.crop);
  if (map && viewer.hasOverlay) drawOverlay(context, viewer, frame, { panel, map });
  if (scene.covered) drawCover(context, scene.covered.box, frame);
  const box = viewer.draft ?? scene.box;
  if (box) drawBox(context, box, frame, { isDashed: viewer.draft !== null });
  const found = map && pointedAt(viewer, panel, map);
  if (found) {
    drawOutline(context, frame, { map, crop: panel.crop, region: found.index, style: "#ffffff", width: 1.5 });
  }
  if (isLarge || viewer.isComparing) drawRulers(context, viewer, frame);
}

/** The map on the square it was read from, the borders of its regions, and the box that it chose. */
function drawOverlay(context, viewer, frame, { panel, map }) {
  const { film, parts } = viewer;
  const opacity = (parts.opacity.value / 100) * (panel.isStale ? 0.4 : 1);
  const scale = scaleOf(viewer, panel);
  drawMap(context, film, frame, { map, scale, crop: panel.crop, opacity, threshold: thresholdOf(viewer) });
  if (map.labels && viewer.hasOutlines) {
    const style = "rgba(211, 218, 224, 0.18)";
    drawOutline(context, frame, { map, crop: panel.crop, region: -1, style, width: 0.75 });
  }
  if (panel.frame) drawBox(context, panel.frame, frame, { style: "#ffffff" });
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
