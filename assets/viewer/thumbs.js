// Thumbnails: one for each panel, with its state, its choices and its mark.

const STALE = "of the earlier entry";

/** Build the thumbnails anew where the panels are others; then label them. */
function showThumbs(viewer) {
  const { panels } = viewer.scene;
  if (panels.map(({ key }) => key).join() !== viewer.thumbs.map(({ key }) => key).join()) {
    viewer.thumbs.forEach(({ canvas }) => viewer.sizes.unobserve(canvas));
    viewer.thumbs = panels.map((panel, place) => addThumb(viewer, panel, place + 1));
    viewer.parts.thumbs.replaceChildren(...viewer.thumbs.map(({ figure }) => figure));
  }
  viewer.thumbs.forEach((thumb, place) => labelThumb(viewer, thumb, panels[place]));
}

function addThumb(viewer, panel, number) {
  const thumb = thumbnail(panel, number);
  const promote = () => viewer.promote(panel.key);
  listenToPointer(viewer, thumb.canvas, { key: () => panel.key, onClick: promote });
  thumb.canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    promote();
  });
  viewer.sizes.observe(thumb.canvas);
  return thumb;
}

function labelThumb(viewer, thumb, panel) {
  const isPending = panel.state === "pending";
  thumb.figure.title = panel.note;
  thumb.figure.dataset.state = panel.state;
  thumb.state.textContent = panel.isStale ? STALE : panel.state === "ready" ? "" : panel.state;
  thumb.bar.hidden = !isPending;
  thumb.action.hidden = !["pending", "cancelled"].includes(panel.state);
  thumb.action.textContent = isPending ? "Cancel" : "Compute";
  thumb.action.onclick = () => viewer.send(isPending ? "cancel" : "start", panel.key);
  markThumb(thumb, panel);
  if (thumb.choices.childElementCount) return;
  if (panel.fields) addFieldChoices(viewer, thumb, panel);
  if (panel.sides) addSideChoice(viewer, thumb, panel);
}

function addSideChoice(viewer, thumb, panel) {
  const sides = choice("Side", panel.sides.map(({ label }) => label), viewer.side);
  sides.onchange = () => viewer.lookWith({ side: Number(sides.value), largeKey: panel.key });
  thumb.choices.append(sides);
}

function addFieldChoices(viewer, thumb, panel) {
  const first = panel.fields.indexOf(fieldOf(viewer, panel));
  const fields = choice("Field", panel.fields.map(({ label }) => label), first);
  const heads = choice("Head", panel.heads, 0);
  fields.onchange = () => viewer.lookWith({ field: panel.fields[fields.value].name, largeKey: panel.key });
  heads.onchange = () => viewer.lookWith({ head: Number(heads.value), largeKey: panel.key });
  thumb.choices.append(...(panel.heads.length > 1 ? [heads, fields] : [fields]));
}
