// How far each panel is: told to the viewer as an event, so that little travels and nothing is drawn.

export default function tell({ data }) {
  window.dispatchEvent(new CustomEvent("xattn-progress", { detail: data }));
}
