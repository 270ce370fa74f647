// The magnifier, and the pointer's place in all the other panels.

const LENS_SIDE = 240; // CSS pixels
const LENS_POWER = 2.5; // times the zoom of the film under it

function toggleLens(viewer) {
  viewer.hasLens = !viewer.hasLens;
  if (viewer.hasLens && viewer.isComparing) viewer.toggleCompare();
  viewer.redraw();
}

/** The film without its map, magnified about the pointer, or about the middle for the keyboard. */
function showLens(viewer) {
  const { glass, large } = viewer.parts;
  glass.hidden = !viewer.hasLens || !large.clientWidth;
  if (glass.hidden) return;
  const { film, view, pointed } = viewer;
  const point = pointed?.canvas === large ? pointed.point : [view.x, view.y];
  fitToScreen(glass);
  const under = frameOf(large, film, view);
  const ratio = large.clientWidth / large.width;
  const scale = under.scale * LENS_POWER;
  const middle = glass.width / 2;
  const frame = { scale, left: middle - point[0] * scale, top: middle - point[1] * scale };
  glass.getContext("2d").drawImage(pictureOf(viewer, glass, frame), 0, 0);
  const [x, y] = [under.left + point[0] * under.scale, under.top + point[1] * under.scale];
  glass.style.transform = `translate(${x * ratio - LENS_SIDE / 2}px, ${y * ratio - LENS_SIDE / 2}px)`;
}

/** A cross at the same file pixel in every panel but the one that is pointed at. */
function showCursors(viewer) {
  const { film, view, pointed, parts, thumbs } = viewer;
  const places = [{ canvas: parts.large, cursor: parts.cursor }, ...thumbs];
  for (const { canvas, cursor } of places) {
    cursor.hidden = !pointed || pointed.canvas === canvas || codeAt(film, pointed.point) === null || !canvas.width;
    if (cursor.hidden) continue;
    const frame = frameOf(canvas, film, view);
    const ratio = canvas.clientWidth / canvas.width;
    const x = (frame.left + pointed.point[0] * frame.scale) * ratio;
    const y = (frame.top + pointed.point[1] * frame.scale) * ratio;
    cursor.hidden = x < 0 || y < 0 || x > canvas.clientWidth || y > canvas.clientHeight;
    cursor.style.transform = `translate(${x + canvas.offsetLeft}px, ${y + canvas.offsetTop}px)`;
  }
}
