// The front table: which score it shows, the models found, and their order. Without this script all
// scores stand below one another, best model first.
(() => {
  "use strict";

  function keyOf(row, key) {
    if (key === "model") return row.querySelector("th .name").textContent.toLowerCase();
    const cell = [...row.cells].find((one) => one.dataset.head === key);
    return cell && "value" in cell.dataset ? Number(cell.dataset.value) : null;
  }

  function compared(first, second) {
    if (first === null || second === null) return (first === null) - (second === null);
    return first < second ? -1 : Number(first > second);
  }

  for (const front of document.querySelectorAll("[data-front]")) {
    const tools = front.querySelector(".front-tools");
    const tables = [...front.querySelectorAll(".front-table")];
    const tabs = [...tools.querySelectorAll("[data-tab]")];
    const find = tools.querySelector(".find");
    const select = tools.querySelector(".sort");
    const found = tools.querySelector(".found");
    const groups = tables.flatMap((table) => [...table.tBodies].map((body) => {
      const rows = [...body.rows].filter((row) => !row.matches(".divider"));
      return { table, body, rows };
    }));
    let sorted = { key: "rank", down: false };

    function show(number) {
      tables.forEach((table, index) => table.classList.toggle("unchosen", index !== number));
      tabs.forEach((tab, index) => tab.setAttribute("aria-pressed", String(index === number)));
    }

    function sort(key, down) {
      sorted = { key, down };
      for (const { table, body, rows } of groups) {
        const known = key === "rank" || table.querySelector(`th[data-key="${CSS.escape(key)}"]`);
        const keys = new Map(rows.map((row, index) => [row, key === "rank" ? index : keyOf(row, key)]));
        const order = known ? [...rows].sort((one, other) => {
          const [first, second] = [keys.get(one), keys.get(other)];
          const turned = first === null || second === null || !down ? 1 : -1;
          return turned * compared(first, second);
        }) : rows;
        body.append(...order);
      }
      for (const head of front.querySelectorAll("th[data-key]")) {
        if (head.dataset.key === key) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
      select.value = `${down ? "highest" : "lowest"} ${key}`;
    }

    function search() {
      const words = find.value.trim().toLowerCase();
      const models = groups.filter(({ table }) => table === tables[0]).flatMap(({ rows }) => rows);
      const fits = (row) => keyOf(row, "model").includes(words);
      for (const { body, rows } of groups) {
        for (const row of rows) row.hidden = !fits(row);
        body.hidden = !rows.some(fits);
      }
      found.textContent = words ? `${models.filter(fits).length} of ${models.length}` : "";
    }

    for (const head of front.querySelectorAll("th[data-key]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        sort(head.dataset.key, sorted.key === head.dataset.key && !sorted.down);
      });
    }
    const heads = tables[0].querySelectorAll("th[data-key]");
    for (const { dataset } of heads) {
      for (const way of ["lowest", "highest"]) {
        select.append(new Option(`${dataset.key}, ${way} first`, `${way} ${dataset.key}`));
      }
    }
    select.addEventListener("change", () => {
      const [way, ...words] = select.value.split(" ");
      sort(words.join(" "), way === "highest");
    });
    find.addEventListener("input", search);
    tabs.forEach((tab, index) => tab.addEventListener("click", () => show(index)));
    tools.hidden = false;
    for (const label of tools.querySelectorAll("label")) {
      label.hidden = tables[0].querySelectorAll("tbody .rank").length < 2;
    }
    if (tabs.length < 2) tabs[0].parentElement.hidden = true;
    sort("rank", false);
    show(0);
  }
})();
