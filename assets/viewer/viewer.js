// The viewer: one scene, one view for all its panels. Python sends, the canvas composes.

const REST_MS = 160; // after which a film that moved is at rest, and drawn in full again
const SLOW_MS = 20; // painting that takes longer is done coarsely while the film moves

class Viewer {
  constructor(root) {
    this.parts = layOut();
    this.thumbs = [];
    this.scene = null;
    this.view = null;
    this.tone = null;
    this.largeKey = "original";
    this.field = null; // the name of the field that was chosen
    this.head = 0;
    this.side = 0;
    this.lookedAt = null; // the field that is pointed at, here or in the form
    this.pointed = null; // { key, canvas, point } under the pointer
    this.hasOverlay = true;
    this.hasOutlines = true;
    this.hasLens = false;
    this.mode = null; // "box", "cover" or "ruler" while one is drawn
    this.peeked = null; // the panel whose clause is pointed at
    this.isFitted = false;
    this.draft = null;
    this.line = null; // the ruler that is being drawn
    this.pictures = new Map(); // size -> the film as painted
    this.paintMs = 0;
    this.isMoving = false;
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
    connectTools(this);
    parts.root.addEventListener("keydown", (event) => {
      const isTyping = ["SELECT", "INPUT", "TEXTAREA"].includes(event.target.tagName);
      if (!isTyping && this.film && takeKey(this, event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    this.sizes = new ResizeObserver(() => this.redraw());
    this.onResize = () => this.redraw();
    window.addEventListener("resize", this.onResize);
    this.sizes.observe(parts.large);
    const page = document.querySelector("[data-testid=stMainBlockContainer]");
    if (page) this.sizes.observe(page); // what stands above the film may go, and nothing else tells
    this.onPoint = (event) => this.lookAtNamed(event.target);
    document.addEventListener("pointerover", this.onPoint);
    document.addEventListener("focusin", this.onPoint);
    this.onProgress = (event) => this.progress(event.detail);
    window.addEventListener("xattn-progress", this.onProgress);
  }

  close() {
    clearTimeout(this.rest);
    window.removeEventListener("xattn-progress", this.onProgress);
    window.removeEventListener("resize", this.onResize);
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
    if (isOtherFilm) Object.assign(this, { tone: null, line: null, pointed: null });
    this.scene = scene;
    for (const scale of Object.values(scene.scales)) scale.table = scene.arrays[scale.table].values;
    scene.panels.forEach((panel) => resolveMaps(panel, scene.arrays));
    fetchFilm(scene.film); // where an earlier attempt failed
    showThumbs(this);
    if (isOtherFilm) for (const { bar } of this.thumbs) bar.value = 0; // how far the last film's work was
    showLine(this);
    showCovered(this);
    this.redraw();
    // A case was opened and nothing else has the keyboard: the film takes it.
    if (isOtherFilm && document.activeElement === document.body) this.parts.large.focus({ preventScroll: true });
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
    this.tone = { ...this.tone, isInverted: !this.tone.isInverted };
    this.tell(this.tone.isInverted ? "inverted" : "not inverted");
  }

  takePreset(number) {
    if (number >= 0) this.tone = { ...toneOf(this.film, number), isInverted: this.tone.isInverted };
    this.tell(toneWords(this.tone));
  }

  stepPreset(step) {
    this.tone = nextTone(this.film, this.tone, step);
    this.tell(`${this.tone.name} ${toneWords(this.tone)}`);
  }

  moveTone(change) {
    this.tone = movedTone(this.film, this.tone, change);
    this.tell(toneWords(this.tone));
  }

  tell(words) {
    announce(this, words);
    this.redraw();
  }

  reset() {
    Object.assign(this.parts.threshold, { value: 0 });
    this.lookWith({ view: null, isFitted: false, tone: toneOf(this.film, 0), hasOverlay: true, hasOutlines: true });
  }

  toggleOverlay() {
    this.hasOverlay = !this.hasOverlay;
    this.tell(this.hasOverlay ? "map shown" : "map hidden");
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

  /** One pixel of the file on one of the screen, about the pointer or the middle. */
  showActual() {
    const { large } = this.parts;
    const canvas = this.isComparing ? this.thumbs[0].canvas : large;
    const about = this.pointed && codeAt(this.film, this.pointed.point) !== null ? this.pointed.point : [this.view.x, this.view.y];
    this.lookWith({ view: { x: about[0], y: about[1], zoom: actualZoom(this.film, canvas) } });
  }

  get isBoxing() {
    return this.mode === "box" || this.mode === "cover";
  }

  /** Draw the lesion's box, an area to cover, or a ruler; the same again leaves. */
  toggleMode(mode) {
    this.mode = this.mode === mode ? null : mode;
    if (this.mode && this.isComparing) this.toggleCompare();
    this.draft = this.isBoxing ? this.firstBox() : null;
    this.line = null;
    this.tell(HINTS[this.mode] ?? "");
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
  hover(pointed) {
    this.pointed = pointed;
    const outlined = outlinedRegions(this).join();
    if (outlined !== this.outlined) {
      this.outlined = outlined;
      return this.redraw();
    }
    showReadout(this);
    showCursors(this);
    showLens(this);
  }

  /** A field of the form, or a bar of the page, that is pointed at or in focus shows its map. */
  lookAtNamed(target) {
    const named = target instanceof Element && target.closest("[class*='st-key-field-'], [data-field]");
    const name = named ? named.dataset.field ?? /st-key-field-(\w+)/.exec(named.className)?.[1] : null;
    const fields = this.scene?.panels.find((panel) => panel.key === "attention")?.fields ?? [];
    const lookedAt = fields.some((field) => field.name === name) ? name : null;
    if (lookedAt !== this.lookedAt) this.lookWith({ lookedAt });
  }

  /** How much less is painted of a film while it moves on a machine that is too slow for all of it. */
  get coarseness() {
    return this.isMoving && this.paintMs > SLOW_MS ? 2 : 1;
  }

  /** Draw again in motion; what was left out follows when it is at rest. */
  move() {
    this.isMoving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.lookWith({ isMoving: false }), REST_MS);
    this.redraw();
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
  if (data.kind === "film") return rememberAddresses(data);
  const viewer = mounted.get(parentElement) ?? new Viewer(parentElement);
  mounted.set(parentElement, viewer);
  viewer.send = setTriggerValue;
  viewer.show(unpack(data));
  return () => {
    viewer.close();
    mounted.delete(parentElement);
  };
}
