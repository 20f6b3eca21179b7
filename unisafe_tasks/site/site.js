"use strict";
// The front page: which score is shown, how rows are sorted, and which are found. All of it is in
// the address, so that a link shows the same and the back button goes back.
(() => {
  const find = document.getElementById("find");
  const metric = document.getElementById("metric");
  const found = document.getElementById("found");
  const tables = [...document.querySelectorAll("table.board")].map((table) => ({
    table,
    box: table.closest("[data-metric]"),
    body: table.tBodies[0],
    rows: [...table.tBodies[0].rows],
    heads: [...table.tHead.rows[0].cells],
  }));

  function state() {
    const said = new URLSearchParams(location.hash.slice(1));
    return {
      metric: said.get("metric") ?? metric.options[0]?.value,
      sort: said.get("sort"),
      down: said.get("down") === "1",
      find: said.get("find") ?? "",
    };
  }

  function go(change, isTyping) {
    const now = { ...state(), ...change };
    const said = new URLSearchParams();
    if (now.metric !== metric.options[0]?.value) said.set("metric", now.metric);
    if (now.sort) said.set("sort", now.sort);
    if (now.sort && now.down) said.set("down", "1");
    if (now.find) said.set("find", now.find);
    const address = `${location.pathname}${location.search}${String(said) ? `#${said}` : ""}`;
    // A letter typed is no step that one goes back by.
    history[isTyping ? "replaceState" : "pushState"](null, "", address);
    show();
  }

  function key(row, column) {
    if (column === 0) return row.dataset.model.toLowerCase();
    const order = row.cells[column].dataset.order;
    return order === "" ? null : Number(order);
  }

  function sorted(rows, column, down) {
    return [...rows].sort((one, other) => {
      const [a, b] = [key(one, column), key(other, column)];
      // What has no score is last either way.
      if (a === null || b === null) return (a === null) - (b === null);
      const order = a < b ? -1 : a > b ? 1 : 0;
      return down ? -order : order;
    });
  }

  function show() {
    const now = state();
    if (![...metric.options].some((option) => option.value === now.metric)) {
      now.metric = metric.options[0]?.value;
    }
    metric.value = now.metric;
    if (find.value !== now.find) find.value = now.find;
    const wanted = now.find.toLowerCase();
    let shown = 0, all = 0;
    for (const { box, body, rows, heads } of tables) {
      box.hidden = box.dataset.metric !== now.metric;
      if (box.hidden) continue;
      const column = heads.findIndex((head) => head.dataset.column === now.sort);
      for (const [number, head] of heads.entries()) {
        if (number === column) head.setAttribute("aria-sort", now.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
      body.append(...(column < 0 ? rows : sorted(rows, column, now.down)));
      for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        all += 1;
        shown += row.hidden ? 0 : 1;
      }
    }
    found.textContent = wanted ? `${shown} of ${all} models` : "";
  }

  for (const { heads } of tables) {
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = state();
        const again = now.sort === head.dataset.column;
        if (again && now.down) go({ sort: null, down: false });
        else go({ sort: head.dataset.column, down: again });
      });
    }
  }
  metric.addEventListener("change", () => go({ metric: metric.value }));
  find.addEventListener("input", () => go({ find: find.value }, true));
  addEventListener("popstate", show);
  document.getElementById("tools").hidden = false;
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
  show();
})();
