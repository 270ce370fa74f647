"""The viewer alone in a real Chromium: its scripts, a film, panels, and no server behind them."""

import base64
import json
from dataclasses import dataclass, field

import numpy as np
from playwright.sync_api import Locator, Page, Route

from pages.parts.film import Texture, texture
from pages.parts.resources import ASSETS
from pages.parts.scene import Panel, scene
from pages.parts.viewer import SCRIPTS
from tests import tiny
from tests.app.chromium import pixels
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST
from xattn.records import Case, Film

ORIGIN = "http://viewer.test"
DISPLAY, FULL = "/media/display", "/media/full"
PAGE = """<!doctype html><body style="margin: 0; height: 100%">
<style>{style}</style><input id="note"><div id="place"></div>
<script type="module">
const script = new Blob([await (await fetch("/viewer.js")).text()], {{ type: "text/javascript" }});
const {{ default: mount }} = await import(URL.createObjectURL(script));
const parentElement = document.querySelector("#place");
window.sent = [];
const setTriggerValue = (name, content) => window.sent.push([name, content]);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
window.give = (text) => mount({{ data: bytes(text), parentElement, setTriggerValue }});
window.tell = (data) => mount({{ data, parentElement, setTriggerValue }});
</script>"""


def script() -> str:
    """The component's one script."""
    return "\n".join((ASSETS / "viewer" / f"{name}.js").read_text("utf-8") for name in SCRIPTS)


def unpack(blob: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """A twin of `unpack` in messages.js: length, JSON, arrays at their offsets."""
    length = int.from_bytes(blob[:4], "little")
    header = json.loads(blob[4 : 4 + length])
    arrays = {}
    for name, place in header["arrays"].items():
        start = 4 + length + place["offset"]
        flat = np.frombuffer(blob, place["dtype"], place["count"], start)
        arrays[name] = flat.reshape(place["shape"])
    return header, arrays


def case_of(radiograph: Radiograph) -> Case:
    """A case that is read in whole."""
    placement = Placement.whole(radiograph.shape, tiny.SIZE)
    read = placement.to_model(radiograph.model_values(), fill=0.0)
    film = Film(radiograph, placement, read, np.zeros((0, tiny.SIZE, tiny.SIZE), np.float32))
    return Case("breast", (film,), BREAST.check(tiny.MASS))


@dataclass(slots=True)
class Stage:
    """One viewer on one page."""

    page: Page
    levels: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def open(self) -> "Stage":
        """Load the viewer without a film."""
        style = (ASSETS / "viewer" / "viewer.css").read_text("utf-8")
        bodies = {"/": PAGE.format(style=style), "/viewer.js": script()}

        def answer(route: Route) -> None:
            path = route.request.url.removeprefix(ORIGIN)
            self.asked.append(path)
            if self.levels.get(path):
                route.fulfill(body=self.levels[path], content_type="application/octet-stream")
            elif path in bodies:
                kind = "text/html" if path == "/" else "text/javascript"
                route.fulfill(body=bodies[path], content_type=kind)
            else:
                route.fulfill(status=404)

        self.page.context.route(f"{ORIGIN}/**", answer)
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_function("() => window.give")
        return self

    def show(self, radiograph: Radiograph, *panels: Panel, made: Texture | None = None) -> None:
        """Send a film and its panels as the app does, the large one first."""
        made = made or texture(radiograph)
        self.levels = {DISPLAY: made.display, FULL: made.full}
        self.name(made)
        drawn = [Panel("original", "Film"), *panels]
        blob = scene(case_of(radiograph), drawn, BREAST)
        self.page.evaluate("(text) => void window.give(text)", base64.b64encode(blob).decode())
        self.page.wait_for_function("() => document.querySelector('.viewer')?.dataset.level")

    def name(self, made: Texture, *, full: str = "") -> None:
        """Say where the film's levels are."""
        message = {"kind": "film", "hash": made.key, "display": DISPLAY, "full": full}
        self.page.evaluate("(message) => void window.tell(message)", message)

    def fetch_full(self, made: Texture) -> None:
        """Say where the full level is, and wait for it."""
        self.name(made, full=FULL)
        self.page.wait_for_function(
            "() => document.querySelector('.viewer').dataset.level === 'full'"
        )

    @property
    def large(self) -> Locator:
        """The large canvas."""
        return self.page.locator("canvas.large")

    @property
    def canvases(self) -> list[Locator]:
        """The large canvas and those of all panels."""
        return [self.large, *self.page.locator("figure canvas").all()]

    def press(self, *keys: str) -> None:
        """Press keys with the film in focus."""
        self.large.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, by: tuple[float, float], *, button: str = "left") -> None:
        """Drag from the middle of the film by pixels of the screen."""
        box = self.large.bounding_box()
        assert box
        x, y = box["x"] + box["width"] // 2, box["y"] + box["height"] // 2
        self.page.mouse.move(x, y)
        self.page.mouse.down(button="right" if button == "right" else "left")
        self.page.mouse.move(x + by[0], y + by[1], steps=3)
        self.page.mouse.up(button="right" if button == "right" else "left")

    def grey(self, canvas: Locator | None = None) -> np.ndarray:
        """What a canvas shows at rest (h, w), one channel of equal three."""
        self.page.wait_for_timeout(200)  # past the viewer's own pause after a movement
        shown = pixels(canvas or self.large)
        assert np.ptp(shown, axis=2).max() == 0
        return shown[..., 0]


def fitted(canvas: np.ndarray, shape: tuple[int, int]) -> tuple[float, int, int]:
    """Scale, left and top of a whole film on a canvas, as `frameOf` has them."""
    (height, width), (rows, columns) = canvas.shape[:2], shape
    scale = min(width / columns, height / rows)
    left, top = width / 2 - columns / 2 * scale, height / 2 - rows / 2 * scale
    return scale, int(np.floor(left + 0.5)), int(np.floor(top + 0.5))


def centres(canvas: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The canvas pixels (H, W) at the centres of the film's pixels, where each is a block."""
    scale, left, top = fitted(canvas, shape)
    down, across = (np.floor((np.arange(count) + 0.5) * scale).astype(int) for count in shape)
    return canvas[np.ix_(top + down, left + across)]
