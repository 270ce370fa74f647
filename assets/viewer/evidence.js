// What is known of the maps beside their pictures: the strip, the marks, the line, what is covered.

const LIMIT = "(says nothing about whether the model is right)";
const EVIDENCE = "evidence"; // the name of its work in Python

/** The strip under the large map: does it track the model, where does it lie, do methods agree. */
function showEvidence(viewer) {
  const { parts, large, scene } = viewer;
  const { mark } = large;
  const strip = parts.evidence;
  const key = JSON.stringify([large.key, mark, scene.evidence]);
  if (strip.dataset.key === key) return;
  strip.dataset.key = key;
  strip.replaceChildren();
  strip.title = mark?.sentence ?? "";
  if (!mark) return;
  const answer = element("b", { data: { answer: mark.answer } }, mark.answer);
  strip.append("Tracks the model: ", answer, " ", element("span", { className: "limit" }, LIMIT));
  const rest = [mark.where, mark.agreement].filter(Boolean).join(" · ");
  if (rest) strip.append(element("div", {}, rest));
  const isPending = scene.evidence === "pending";
  if (!isPending && scene.evidence !== "cancelled") return;
  const action = element("button", { type: "button" }, isPending ? "Cancel" : "Check");
  action.onclick = () => viewer.send(isPending ? "cancel" : "start", EVIDENCE);
  strip.append(" ", action);
  if (isPending) strip.append(element("progress", { max: 1, value: 0, aria: { label: "Checking the maps" } }));
}

/** The mark on a thumbnail; the film has none. */
function markThumb(thumb, panel) {
  thumb.mark.hidden = !panel.mark || !panel.map && !panel.fields;
  thumb.mark.textContent = panel.mark ? `tracks: ${panel.mark.answer}` : "";
  thumb.mark.title = panel.mark?.sentence || "Whether this map tracks the model";
}

/** The line that reads the case: to point at a clause shows its figure, a click keeps it. */
function showLine(viewer) {
  const { line } = viewer.parts;
  const key = JSON.stringify(viewer.scene.line);
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  line.replaceChildren();
  viewer.scene.line.forEach(({ words, figure }, place, clauses) => {
    line.append(figure ? clauseOf(viewer, words, figure) : words, place + 1 < clauses.length ? "; " : ".");
  });
}

function clauseOf(viewer, words, figure) {
  const clause = element("span", { className: "clause", role: "button", tabIndex: 0, data: { clause: figure } }, words);
  const isPanel = viewer.scene.panels.some((panel) => panel.key === figure);
  const point = (isOn) => {
    if (isPanel) viewer.lookWith({ peeked: isOn ? figure : null });
    else figureOf(figure)?.classList.toggle("pointed", isOn);
  };
  clause.onpointerenter = clause.onfocus = () => point(true);
  clause.onpointerleave = clause.onblur = () => point(false);
  clause.onclick = () => (isPanel ? viewer.promote(figure) : openFigure(figure));
  clause.onkeydown = (event) => event.key === "Enter" && clause.onclick();
  return clause;
}

function figureOf(name) {
  return document.querySelector(`[data-figure="${name}"]`);
}

/** Bring a figure of the page into sight; one below the fold is unfolded first. */
function openFigure(name) {
  const figure = figureOf(name);
  const fold = figure?.closest("details");
  if (fold && !fold.open) fold.querySelector("summary").click();
  figure?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/** What a covered area makes of the prediction, marked as a what-if, and the way back. */
function showCovered(viewer) {
  const { parts, scene } = viewer;
  parts.covered.hidden = !scene.covered;
  if (!scene.covered) return;
  const back = element("button", { type: "button" }, "Uncover");
  back.onclick = () => viewer.send("cover", { box: null });
  parts.covered.replaceChildren(element("b", {}, "What if covered: "), `${scene.covered.words} `, back);
}
