// The viewer: one scene, one view for all its panels. Python sends, the canvas composes.

const FIRST_TONE = { centre: 127.5, width: 255, isInverted: false };
const STALE = "of the earlier entry";

class Viewer {
  constructor(root) {
    this.parts = layOut();
    this.thumbs = [];
    this.scene = null;
    this.view = null;
    this.tone = FIRST_TONE;
    this.largeKey = "original";
    this.field = null; // the name of the field that was chosen
    this.head = 0;
    this.side = 0;
    this.lookedAt = null; // the field that is pointed at, here or in the form
    this.pointed = null; // { key, point } under the pointer
    this.hasOverlay = true;
    this.mode = null; // "box" or "cover" while one is drawn
    this.peeked = null; // the panel whose clause is pointed at
    this.isFitted = false;
    this.draft = null;
    root.append(this.parts.root);
    this.connect();
    viewers.add(this);
  }

  get film() {
    return films.get(this.scene?.film);
  }

  /** The panel on the large canvas: a field that is pointed at shows where it looks. */
  get large() {
    const find = (key) => this.scene.panels.find((panel) => panel.key === key);
    const attention = find("attention");
    if (this.lookedAt !== null && attention?.fields) return attention;
    return find(this.peeked) ?? find(this.largeKey) ?? this.scene.panels[0];
  }

  connect() {
    const { parts } = this;
    listenToPointer(this, parts.large, { key: () => this.large.key });
    parts.invert.onclick = () => this.invert();
    parts.overlay.onclick = () => this.toggleOverlay();
    parts.compare.onclick = () => this.toggleCompare();
    parts.fit.onclick = () => this.fit();
    parts.reset.onclick = () => this.reset();
    parts.box.onclick = () => this.toggleMode("box");
    parts.cover.onclick = () => this.toggleMode("cover");
    parts.clear.onclick = () => this.send("box", { box: null });
    parts.opacity.oninput = () => this.redraw();
    parts.root.addEventListener("keydown", (event) => {
      const isTyping = ["SELECT", "INPUT"].includes(event.target.tagName);
      if (!isTyping && this.film && takeKey(this, event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(parts.large);
    this.onPoint = (event) => this.lookAtNamed(event.target);
    document.addEventListener("pointerover", this.onPoint);
    document.addEventListener("focusin", this.onPoint);
    this.onProgress = (event) => this.progress(event.detail);
    window.addEventListener("xattn-progress", this.onProgress);
  }

  close() {
    window.removeEventListener("xattn-progress", this.onProgress);
    this.sizes.disconnect();
    document.removeEventListener("pointerover", this.onPoint);
    document.removeEventListener("focusin", this.onPoint);
    viewers.delete(this);
    this.parts.root.remove();
  }

  /** Take a scene from Python; the view stays unless the film or the box is another. */
  show(scene) {
    const isOtherFilm = this.scene?.film !== scene.film;
    if (isOtherFilm || String(this.scene.box) !== String(scene.box)) {
      Object.assign(this, { view: null, isFitted: scene.box !== null });
    }
    if (!this.isBoxing) this.draft = null;
    if (isOtherFilm) this.tone = FIRST_TONE;
    this.scene = scene;
    for (const scale of Object.values(scene.scales)) scale.table = scene.arrays[scale.table].values;
    scene.panels.forEach((panel) => resolveMaps(panel, scene.arrays));
    this.showThumbs();
    showLine(this);
    showCovered(this);
    this.redraw();
  }

  showThumbs() {
    const keys = this.scene.panels.map((panel) => panel.key).join();
    if (keys !== this.thumbs.map((thumb) => thumb.key).join()) {
      this.thumbs = this.scene.panels.map((panel, place) => this.addThumb(panel, place + 1));
      this.parts.thumbs.replaceChildren(...this.thumbs.map((thumb) => thumb.figure));
    }
    this.thumbs.forEach((thumb, place) => this.labelThumb(thumb, this.scene.panels[place]));
  }

  addThumb(panel, number) {
    const thumb = thumbnail(panel, number);
    listenToPointer(this, thumb.canvas, { key: () => panel.key, onClick: () => this.promote(panel.key) });
    thumb.canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") this.promote(panel.key);
    });
    this.sizes.observe(thumb.canvas);
    return thumb;
  }

  labelThumb(thumb, panel) {
    const isPending = panel.state === "pending";
    thumb.figure.title = panel.note;
    thumb.figure.dataset.state = panel.state;
    thumb.state.textContent = panel.isStale ? STALE : panel.state === "ready" ? "" : panel.state;
    thumb.bar.hidden = !isPending;
    thumb.action.hidden = !["pending", "cancelled"].includes(panel.state);
    thumb.action.textContent = isPending ? "Cancel" : "Compute";
    thumb.action.onclick = () => this.send(isPending ? "cancel" : "start", panel.key);
    markThumb(thumb, panel);
    if (thumb.choices.childElementCount) return;
    if (panel.fields) this.addFieldChoices(thumb, panel);
    if (panel.sides) this.addSideChoice(thumb, panel);
  }

  addSideChoice(thumb, panel) {
    const sides = choice("Side", panel.sides.map((side) => side.label), this.side);
    sides.onchange = () => this.lookWith({ side: Number(sides.value), largeKey: panel.key });
    thumb.choices.append(sides);
  }

  addFieldChoices(thumb, panel) {
    const first = panel.fields.indexOf(fieldOf(this, panel));
    const fields = choice("Field", panel.fields.map((field) => field.label), first);
    const heads = choice("Head", panel.heads, 0);
    fields.onchange = () => this.lookWith({ field: panel.fields[fields.value].name, largeKey: panel.key });
    heads.onchange = () => this.lookWith({ head: Number(heads.value), largeKey: panel.key });
    thumb.choices.append(...(panel.heads.length > 1 ? [heads, fields] : [fields]));
  }

  lookWith(change) {
    Object.assign(this, change);
    this.redraw();
  }

  progress(shares) {
    for (const thumb of this.thumbs) if (thumb.key in shares) thumb.bar.value = shares[thumb.key];
    const bar = this.parts.evidence.querySelector("progress");
    if (bar) bar.value = shares[EVIDENCE] ?? 0;
  }

  promote(key) {
    if (!key) return;
    if (this.isComparing) this.toggleCompare();
    this.lookWith({ largeKey: key, lookedAt: null, peeked: null });
    this.thumbs.find((thumb) => thumb.key === key)?.figure.scrollIntoView({ block: "nearest" });
  }

  /** Whether there are more thumbnails than fit below each other. */
  get isScrolling() {
    return this.parts.thumbs.scrollHeight > this.parts.thumbs.clientHeight + 1;
  }

  invert() {
    this.lookWith({ tone: { ...this.tone, isInverted: !this.tone.isInverted } });
  }

  reset() {
    this.lookWith({ view: null, isFitted: false, tone: FIRST_TONE, hasOverlay: true });
  }

  toggleOverlay() {
    this.lookWith({ hasOverlay: !this.hasOverlay });
  }

  /** Between the whole film and what the model read of it. */
  fit() {
    this.lookWith({ view: null, isFitted: this.scene.box !== null && !this.isFitted });
  }

  get isComparing() {
    return this.parts.root.classList.contains("compare");
  }

  toggleCompare() {
    const isComparing = this.parts.root.classList.toggle("compare");
    this.parts.thumbs.scrollTop = 0;
    (isComparing ? this.parts.root : this.parts.large).focus();
    this.redraw();
  }

  zoomBy(factor) {
    this.lookWith({ view: zoomAt(this.view, factor, [this.view.x, this.view.y]) });
  }

  get isBoxing() {
    return this.mode !== null;
  }

  /** Draw the lesion's box, or an area to cover; the same again leaves. */
  toggleMode(mode) {
    this.mode = this.mode === mode ? null : mode;
    if (this.isBoxing && this.isComparing) this.toggleCompare();
    this.draft = this.isBoxing ? this.firstBox() : null;
    this.redraw();
  }

  /** Where a box begins before it is drawn: where it is, or the middle of what is read. */
  firstBox() {
    const known = this.mode === "box" ? this.scene.box : this.scene.covered?.box;
    if (known) return known;
    const { left, top, side } = this.scene.crop;
    const near = [left + (5 / 12) * side, top + (5 / 12) * side];
    return boxBetween(near, near.map((start) => start + side / 6), this.film);
  }

  commitBox() {
    const { draft: box, mode } = this;
    this.mode = null;
    const isLarge = box && Math.min(box[2], box[3]) >= SMALLEST_BOX;
    if (isLarge) this.send(mode, { box });
    if (!isLarge || mode === "cover") this.draft = null;
    this.redraw();
  }

  /** Follow the pointer; the pictures are drawn again only where another region is outlined. */
  hover(key, point) {
    this.pointed = key ? { key, point } : null;
    const outlined = outlinedRegions(this).join();
    if (outlined !== this.outlined) this.redraw();
    else showReadout(this);
    this.outlined = outlined;
  }

  /** A field of the form, or a bar of the page, that is pointed at or in focus shows its map. */
  lookAtNamed(target) {
    const named = target instanceof Element && target.closest("[class*='st-key-field-'], [data-field]");
    const name = named ? named.dataset.field ?? /st-key-field-(\w+)/.exec(named.className)?.[1] : null;
    const fields = this.scene?.panels.find((panel) => panel.key === "attention")?.fields ?? [];
    const lookedAt = fields.some((field) => field.name === name) ? name : null;
    if (lookedAt !== this.lookedAt) this.lookWith({ lookedAt });
  }

  redraw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      if (this.film && this.parts.root.isConnected) drawScene(this);
    });
  }
}

const mounted = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  const message = unpack(data);
  if (message.kind === "film") return rememberFilm(message);
  const viewer = mounted.get(parentElement) ?? new Viewer(parentElement);
  mounted.set(parentElement, viewer);
  viewer.send = setTriggerValue;
  viewer.show(message);
  return () => {
    viewer.close();
    mounted.delete(parentElement);
  };
}
