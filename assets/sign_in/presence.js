// Tells the server that somebody uses this tab, at most once in `seconds`; nothing is drawn.

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel"];
const watched = new WeakMap();

export default function watch({ data, parentElement, setTriggerValue }) {
  const kept = watched.get(parentElement) ?? { told: 0, end: new AbortController() };
  kept.send = setTriggerValue;
  if (!watched.has(parentElement)) {
    const tell = () => {
      if (Date.now() - kept.told < 1000 * data.seconds) return;
      kept.told = Date.now();
      kept.send("used", kept.told);
    };
    const options = { capture: true, passive: true, signal: kept.end.signal };
    for (const sign of SIGNS) window.addEventListener(sign, tell, options);
    watched.set(parentElement, kept);
  }
  return () => {
    kept.end.abort();
    watched.delete(parentElement);
  };
}
