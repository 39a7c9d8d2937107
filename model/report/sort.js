"use strict";
// A click on a column head sorts the table; the total in its foot stays where it is.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 3) continue;
  table.classList.add("sortable");
  const value = (row, column) => {
    const text = row.cells[column].textContent.trim();
    if (/^\d+:\d\d$/.test(text)) return Number(text.split(":")[0]) * 60 + Number(text.split(":")[1]);
    const number = Number(text.replace(/,/g, "").replace("−", "-").replace("+", ""));
    return text === "–" ? -Infinity : Number.isNaN(number) ? text : number;
  };
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => head.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = Array.from(body.rows);
    rows.sort((a, b) => {
      const x = value(a, column), y = value(b, column);
      const order = typeof x === "number" && typeof y === "number"
        ? (x === y ? 0 : x < y ? -1 : 1) : String(x).localeCompare(String(y));
      return down ? -order : order;
    });
    body.append(...rows);
  }));
}
