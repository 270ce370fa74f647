// The elements of the viewer: tool bar, large film, thumbnails, scale, read-out, evidence, line.

const HELP =
  "Wheel zooms, drag pans, right-drag or shift-drag sets window and level. Keys: i invert, r reset, " +
  "o overlay, b box, c cover, f fit what was read, g side by side, 1 to 9 panels, + and − zoom, arrows pan.";

function element(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children);
  return made;
}

function button(label, key, title) {
  return element("button", { type: "button", title: `${title} (${key})`, aria: { pressed: "false" } }, label);
}

/** Build the viewer once; the parts that change are returned by name. */
function layOut() {
  const parts = {
    title: element("strong", { className: "title" }),
    tag: element("span", { className: "tag" }),
    tone: element("span", { className: "tone", title: "Window of the 8-bit display texture" }),
    invert: button("Invert", "i", "Black for white"),
    overlay: button("Overlay", "o", "Show or hide the map"),
    compare: button("Side by side", "g", "All panels at one size"),
    fit: button("Fit", "f", "What the model read, or the whole film"),
    reset: button("Reset", "r", "Whole film, first window"),
    box: button("Box", "b", "Draw the lesion's box: the model reads it with a margin"),
    cover: button("Cover", "c", "What if: cover an area and predict again"),
    clear: element("button", { type: "button", title: "Read the whole view again" }, "Clear box"),
    opacity: element("input", {
      type: "range", min: 0, max: 100, value: 60, title: "Opacity of the map",
      aria: { label: "Opacity of the map in per cent" },
    }),
    large: element("canvas", {
      tabIndex: 0, className: "large",
      aria: { label: `Radiograph. ${HELP}`, roledescription: "image viewer" },
    }),
    reads: element("div", { className: "reads", hidden: true }),
    hint: element("div", { className: "hint", hidden: true }),
    covered: element("div", { className: "covered", hidden: true }),
    evidence: element("div", { className: "evidence", aria: { live: "polite" } }),
    line: element("p", { className: "line", aria: { label: "The case in one line" } }),
    thumbs: element("div", { className: "thumbs", aria: { label: "Panels" } }),
    legend: element("div", { className: "legend" }),
    readout: element("div", { className: "readout", aria: { live: "off" } }),
  };
  const tools = element(
    "div", { className: "tools", role: "toolbar", aria: { label: "Viewing tools" } },
    parts.title, parts.tag, element("span", { className: "gap" }), parts.tone, parts.invert,
    parts.overlay, parts.opacity, parts.compare, parts.box, parts.clear, parts.cover, parts.fit, parts.reset,
  );
  const stage = element("div", { className: "stage" }, parts.large, parts.reads, parts.hint, parts.covered);
  const foot = element("div", { className: "foot" }, parts.legend, parts.readout, parts.evidence, parts.line);
  parts.root = element("div", { className: "viewer", tabIndex: -1 }, tools, stage, parts.thumbs, foot);
  return parts;
}

/** One thumbnail: picture, name, state and, for attention, the choice of field and head. */
function thumbnail(panel, number) {
  const canvas = element("canvas", {
    tabIndex: 0, role: "button", aria: { label: `Show ${panel.title} large, key ${number}` },
  });
  const bar = element("progress", { max: 1, value: 0, hidden: true, aria: { label: panel.title } });
  const state = element("span", { className: "state" });
  const action = element("button", { type: "button", className: "action", hidden: true });
  const choices = element("span", { className: "choices" });
  const mark = element("span", { className: "mark" });
  const caption = element("figcaption", {}, element("b", {}, panel.title), state, action, bar, mark, choices);
  const figure = element("figure", { data: { panel: panel.key } }, canvas, caption);
  return { key: panel.key, figure, canvas, bar, state, action, mark, choices };
}

function choice(label, options, selected) {
  const select = element("select", { aria: { label } });
  options.forEach((text, place) => select.append(new Option(text, place, false, place === selected)));
  return select;
}

/** The scale of a kind of map: colours, numbers, unit, and for attention the uniform share. */
function drawLegend(legend, scale) {
  legend.replaceChildren();
  if (!scale) return;
  const strip = blankCanvas(255, 1);
  const image = new ImageData(255, 1);
  image.data.set(scale.table.subarray(4)); // row 0 is "not read"
  strip.getContext("2d").putImageData(image, 0, 0);
  const ticks = element("div", { className: "ticks" });
  for (const [value, text] of scale.ticks) {
    const tick = element("span", {}, text);
    tick.style.left = `${100 * shareOf(value, scale)}%`;
    ticks.append(tick);
  }
  const bar = element("div", { className: "bar" }, strip, ticks);
  legend.append(element("span", { className: "label" }, scale.label), bar, element("span", { className: "unit" }, scale.unit));
}

/** Bars of the shares that one patch gives to the fields. */
function drawReads(reads, panel, patch, head) {
  reads.replaceChildren(element("b", {}, `Patch ${patch + 1} reads`));
  for (const field of panel.fields) {
    const share = field.maps[Math.min(head, field.maps.length - 1)].values[patch];
    const bar = element("i", {});
    bar.style.width = `${100 * share}%`;
    const label = field.isKnown ? field.label : `${field.label} (absent)`;
    reads.append(element("span", {}, label), element("div", {}, bar), element("em", {}, share.toFixed(2)));
  }
}
