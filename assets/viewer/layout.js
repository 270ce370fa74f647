// The elements of the viewer: tool bar, large film, thumbnails, scale, read-out, evidence, line.

const HELP =
  "Wheel zooms, drag pans, right-drag or shift-drag sets window and level. Keys: i invert, w next window, " +
  "brackets narrower and wider, comma and full stop darker and brighter, a actual pixels, r reset, z magnifier, " +
  "m ruler, o overlay, l outlines, b box, c cover, f fit what was read, g side by side, 1 to 9 panels, " +
  "plus and minus zoom, arrows pan.";

function element(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children);
  return made;
}

/** Build the viewer once; the parts that change are returned by name. */
function layOut() {
  const parts = {
    ...toolParts(),
    title: element("strong", { className: "title" }),
    tag: element("span", { className: "tag" }),
    large: element("canvas", {
      tabIndex: 0, className: "large", role: "application",
      aria: { label: "Radiograph", roledescription: "image viewer", describedby: "viewer-help" },
    }),
    glass: element("canvas", { className: "glass", hidden: true, aria: { hidden: "true" } }),
    cursor: element("i", { className: "cursor", hidden: true }),
    marker: element("div", { className: "corner marker", title: "As the header says" }),
    bar: element("div", { className: "corner scalebar", hidden: true, aria: { hidden: "true" } }),
    tone: element("div", { className: "corner tone" }),
    reads: element("div", { className: "reads", hidden: true }),
    hint: element("div", { className: "hint", hidden: true }),
    covered: element("div", { className: "covered", hidden: true }),
    evidence: element("div", { className: "evidence", aria: { live: "polite" } }),
    line: element("p", { className: "line", aria: { label: "The case in one line" } }),
    thumbs: element("div", { className: "thumbs", role: "group", aria: { label: "Panels" } }),
    legend: element("div", { className: "legend" }),
    readout: element("div", { className: "readout", aria: { live: "off" } }),
    live: element("div", { className: "aside", role: "status", aria: { live: "polite" } }),
  };
  const help = element("div", { className: "aside", id: "viewer-help" }, HELP);
  const stage = element(
    "div", { className: "stage" }, parts.large, parts.glass, parts.cursor, parts.marker, parts.tone,
    element("div", { className: "corner shows" }, parts.title, " ", parts.tag), parts.bar, parts.reads, parts.hint, parts.covered,
  );
  const foot = element("div", { className: "foot" }, parts.legend, parts.readout, parts.evidence, parts.line);
  parts.root = element("div", { className: "viewer", tabIndex: -1 }, toolBar(parts), stage, parts.thumbs, foot, help, parts.live);
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
  const cursor = element("i", { className: "cursor", hidden: true });
  const figure = element("figure", { data: { panel: panel.key } }, canvas, cursor, caption);
  return { key: panel.key, figure, canvas, cursor, bar, state, action, mark, choices };
}

function choice(label, options, selected) {
  const select = element("select", { aria: { label } });
  options.forEach((text, place) => select.append(new Option(text, place, false, place === selected)));
  return select;
}

/** The scale of a kind of map: colours, numbers, unit; what is too weak to be shown is left out. */
function drawLegend(legend, scale, threshold) {
  legend.replaceChildren();
  if (!scale) return;
  const strip = blankCanvas(255, 1);
  const image = new ImageData(255, 1);
  image.data.set(scale.table.subarray(4)); // row 0 is "not read"
  for (let row = 0; row < 255; row += 1) {
    const value = scale.low + (row / STEPS) * (scale.high - scale.low);
    if (!isShown(value, scale, threshold)) image.data[4 * row + 3] = 0;
  }
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
