// The tool bar: one button for each thing that a key does too.

const ICONS = {
  invert: '<circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor"/>',
  overlay: '<path d="M1 8c3-5 11-5 14 0-3 5-11 5-14 0z"/><circle cx="8" cy="8" r="2"/>',
  outlines: '<path d="M2 2h6v5h6v7H2zM8 2h6v5M8 7v7"/>',
  lens: '<circle cx="6.5" cy="6.5" r="4.5"/><path d="M10 10l4.5 4.5"/>',
  ruler: '<path d="M1.5 10.5l9-9 4 4-9 9zM4.5 7.5L6 9M7 5l1.5 1.5M9.5 2.5L11 4"/>',
  compare: '<path d="M2 3h12v10H2zM8 3v10M2 8h12"/>',
  box: '<path d="M2.5 2.5h11v11h-11z" stroke-dasharray="3 2"/>',
  cover: '<path d="M2 2h12v12H2z"/><path d="M5 5h6v6H5z" fill="currentColor"/>',
  fit: '<path d="M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3"/>',
  clear: '<path d="M2.5 2.5h11v11h-11z" stroke-dasharray="3 2"/><path d="M5.5 5.5l5 5M10.5 5.5l-5 5"/>',
  reset: '<path d="M4 4a5.6 5.6 0 1 1-1.5 4.5M4 .8V4h3.200"/>',
};

/** A button with a picture; its name and its key stand in the tip, its name is read aloud. */
function tool(name, key, label, tip) {
  const made = element("button", {
    type: "button", className: "tool", title: `${label}${key && ` (${key})`}: ${tip}`, aria: { label },
  });
  if (key) made.ariaKeyShortcuts = key;
  made.innerHTML = name in ICONS
    ? `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`
    : name;
  return made;
}

function slider(label, { value, tip }) {
  return element("input", { type: "range", min: 0, max: 100, value, title: tip, aria: { label } });
}

/** The parts of the tool bar by name. */
function toolParts() {
  return {
    presets: element("select", { className: "presets", title: "Window (w)", aria: { label: "Window", keyshortcuts: "w" } }),
    invert: tool("invert", "i", "Invert", "black for white"),
    actual: tool("1:1", "a", "Actual pixels", "one pixel of the file is one of the screen"),
    lens: tool("lens", "z", "Magnifier", "the film under the pointer, larger and without the map"),
    ruler: tool("ruler", "m", "Ruler", "drag to measure; Backspace takes the last away"),
    overlay: tool("overlay", "o", "Overlay", "show or hide the map"),
    outlines: tool("outlines", "l", "Outlines", "borders of the map's regions"),
    opacity: slider("Opacity of the map in per cent", { value: 60, tip: "Opacity of the map" }),
    threshold: slider("Least strength shown, in per cent of the scale", {
      value: 0, tip: "Hide what is weaker than this share of the scale",
    }),
    compare: tool("compare", "g", "Side by side", "all panels at one size"),
    box: tool("box", "b", "Box", "draw the lesion's box: the model reads it with a margin"),
    cover: tool("cover", "c", "Cover", "what if: cover an area and predict again"),
    clear: tool("clear", "", "Clear box", "read the whole view again"),
    fit: tool("fit", "f", "Fit", "what the model read, or the whole film"),
    reset: tool("reset", "r", "Reset", "whole film, first window"),
  };
}

function toolBar(parts) {
  const gap = () => element("span", { className: "gap" });
  return element(
    "div", { className: "tools", role: "toolbar", aria: { label: "Viewing tools" } },
    parts.presets, parts.invert, parts.actual, parts.lens, parts.ruler, parts.reset,
    gap(), parts.overlay, parts.opacity, parts.threshold, parts.outlines, parts.compare,
    gap(), parts.box, parts.clear, parts.cover, parts.fit,
  );
}

function connectTools(viewer) {
  const { parts } = viewer;
  const actions = {
    invert: () => viewer.invert(),
    actual: () => viewer.showActual(),
    lens: () => toggleLens(viewer),
    ruler: () => viewer.toggleMode("ruler"),
    overlay: () => viewer.toggleOverlay(),
    outlines: () => viewer.lookWith({ hasOutlines: !viewer.hasOutlines }),
    compare: () => viewer.toggleCompare(),
    box: () => viewer.toggleMode("box"),
    cover: () => viewer.toggleMode("cover"),
    clear: () => viewer.send("box", { box: null }),
    fit: () => viewer.fit(),
    reset: () => viewer.reset(),
  };
  for (const [name, act] of Object.entries(actions)) parts[name].onclick = act;
  parts.opacity.oninput = parts.threshold.oninput = () => viewer.redraw();
  parts.presets.onchange = () => viewer.takePreset(Number(parts.presets.value));
}

/** The film's own windows and those that any film has, with one entry for what was dragged. */
function fillPresets({ parts, film, tone }) {
  const { presets } = parts;
  if (presets.dataset.film !== film.hash) {
    const names = film.presets.map(({ name, table }) => (table ? `table ${name}` : name));
    presets.replaceChildren(...names.map((name, place) => new Option(name, place)), new Option("set by hand", -1));
    presets.dataset.film = film.hash;
  }
  const last = presets.options[presets.options.length - 1];
  last.hidden = last.disabled = tone.preset !== null;
  presets.value = tone.preset ?? -1;
}
