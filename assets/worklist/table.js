// A worklist as a table: a click or Enter opens a case, a heading sorts, arrow keys go through.

function cell(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function heading(column, send) {
  const made = cell("th", "", column.style);
  made.scope = "col";
  made.title = column.help;
  if (!column.order) {
    made.textContent = column.label;
    return made;
  }
  made.setAttribute("aria-sort", column.sorted || "none");
  const button = cell("button", column.label);
  button.onclick = () => send("sort", column.order);
  made.append(button);
  return made;
}

function markButton(row, send) {
  const button = cell("button", row.isMarked ? "★" : "☆", "mark");
  button.setAttribute("aria-pressed", row.isMarked);
  button.setAttribute("aria-label", `Bookmark case ${row.number}`);
  button.onclick = (event) => {
    event.stopPropagation();
    send("mark", row.number);
  };
  const place = cell("td", "");
  place.append(button);
  return place;
}

function line(row, send) {
  const made = document.createElement("tr");
  made.tabIndex = 0;
  made.dataset.number = row.number;
  made.className = row.isRead ? "read" : "";
  made.append(markButton(row, send));
  for (const [text, style] of row.cells) made.append(cell("td", text, style));
  made.onclick = () => send("open", row.number);
  made.onkeydown = (event) => {
    if (event.target !== made) return;
    if (event.key === "Enter") send("open", row.number);
    else if (event.key === "ArrowDown") made.nextElementSibling?.focus();
    else if (event.key === "ArrowUp") made.previousElementSibling?.focus();
    else return;
    event.preventDefault();
  };
  return made;
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const table = document.createElement("table");
  const head = document.createElement("thead");
  const top = document.createElement("tr");
  top.append(cell("th", ""), ...data.columns.map((column) => heading(column, setTriggerValue)));
  head.append(top);
  const body = document.createElement("tbody");
  body.append(...data.rows.map((row) => line(row, setTriggerValue)));
  table.append(head, body);
  table.setAttribute("aria-label", "Cases of the worklist");
  parentElement.querySelector("table")?.remove();
  parentElement.append(table);
  return () => table.remove();
}
