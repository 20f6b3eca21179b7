// The case browser. Its filters work on one letter for each case and run, which the page holds.
// Texts and images of the shown entries come from side files, each of a hundred cases.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const PER_PAGE = 10;
  const byId = (id) => document.getElementById(id);

  // --- side files ---

  const SIDE_FILE = /^report_files\/[dr][0-9]+-[a-z]{2}-[0-9]+\.js$/;
  const checked = (url) => {
    if (!SIDE_FILE.test(url)) throw new TypeError("not a side file of this report");
    return url;
  };
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("side-files", { createScriptURL: checked })
    : { createScriptURL: checked };
  const parts = new Map();
  const loading = new Map();
  let search = "";

  window.unisafePart = (name, text) => {
    parts.set(name, new Map(JSON.parse(text).map((part) => [part.case, part])));
  };

  function load(name) {
    if (!loading.has(name)) {
      loading.set(name, new Promise((resolve) => {
        const script = document.createElement("script");
        script.src = policy.createScriptURL(`report_files/${name}.js`);
        script.addEventListener("load", () => resolve(parts.has(name)));
        script.addEventListener("error", () => resolve(false));
        document.head.append(script);
      }));
    }
    return loading.get(name);
  }

  const runFile = (entry) =>
    `r${entry.run}-${entry.code.toLowerCase()}-${Math.floor(entry.index / data.block)}`;
  const promptFile = (entry) =>
    `d${data.dataOf[entry.run]}-${entry.code.toLowerCase()}-${Math.floor(entry.index / data.block)}`;
  const filesOf = (entry) =>
    data.prompts[data.dataOf[entry.run]] ? [runFile(entry), promptFile(entry)] : [runFile(entry)];
  const outputOf = (entry) => parts.get(runFile(entry))?.get(entry.index);
  const promptOf = (entry) => parts.get(promptFile(entry))?.get(entry.index);

  // --- filters ---

  const form = byId("filters");
  const field = (name) => form.elements.namedItem(name);

  function fill(select, options) {
    const kept = select.value;
    const all = new Option("all", "");
    select.replaceChildren(all, ...options.map(([value, label]) => new Option(label, value)));
    select.value = [...select.options].some((option) => option.value === kept) ? kept : "";
  }

  function subcategoriesShown() {
    const task = field("task").value;
    const shown = new Set();
    for (const tasks of data.data) {
      for (const [code, cases] of Object.entries(tasks)) {
        if (task && code !== task) continue;
        for (const number of cases.subcategories) shown.add(number);
      }
    }
    return [...shown].map((number) => data.subcategories[number]);
  }

  function fillCategories() {
    const unique = (values) => [...new Set(values)].sort();
    const pairs = subcategoriesShown();
    fill(field("category"), unique(pairs.map(([category]) => category)).map((c) => [c, c]));
    const category = field("category").value;
    const within = pairs.filter(([name]) => !category || name === category);
    fill(field("subcategory"), unique(within.map(([, code]) => code)).map((c) => [c, c]));
  }

  function textOf(entry) {
    const output = outputOf(entry);
    const prompt = promptOf(entry);
    const texts = [data.data[data.dataOf[entry.run]][entry.code].ids[entry.index]];
    if (prompt) texts.push(prompt.instruction[0], prompt.target[0], ...prompt.turns.map((t) => t[0]));
    if (output) {
      if (output.text) texts.push(output.text[0]);
      for (const verdict of output.verdicts) {
        const reasoning = fieldOf(verdict, "reasoning");
        if (reasoning) texts.push(reasoning[0]);
      }
    }
    return texts.join("\n").toLowerCase();
  }

  function letterParts(letter) {
    const number = data.letters.indexOf(letter);
    return [Math.floor(number / data.verdicts.length), number % data.verdicts.length];
  }

  const VERDICT_FILTERS = {
    unsafe: (verdict) => verdict >= 3,
    safe: (verdict) => verdict === 1 || verdict === 2,
    divided: (verdict) => verdict === 2 || verdict === 3,
    unscored: (verdict) => verdict === 0,
  };

  function matchingEntries() {
    const wanted = Object.fromEntries(
      ["model", "task", "category", "subcategory", "status", "verdict"].map((n) => [n, field(n).value]),
    );
    const entries = [];
    for (const [run, tasks] of data.outcomes.entries()) {
      if (wanted.model && Number(wanted.model) !== run) continue;
      for (const [code, letters] of Object.entries(tasks)) {
        if (wanted.task && wanted.task !== code) continue;
        const cases = data.data[data.dataOf[run]][code];
        for (let index = 0; index < letters.length; index += 1) {
          if (letters[index] === ".") continue;
          const [category, subcategory] = data.subcategories[cases.subcategories[index]];
          if (wanted.category && wanted.category !== category) continue;
          if (wanted.subcategory && wanted.subcategory !== subcategory) continue;
          const [status, verdict] = letterParts(letters[index]);
          if (wanted.status && wanted.status !== data.statuses[status]) continue;
          if (wanted.verdict && !VERDICT_FILTERS[wanted.verdict](verdict)) continue;
          const entry = { run, code, index, category, subcategory, status, verdict };
          entry.id = cases.ids[index];
          entries.push(entry);
        }
      }
    }
    return entries;
  }

  // --- what is shown ---

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function text(tag, className, value) {
    const made = element(tag, className);
    made.dir = "auto";
    made.textContent = value;
    return made;
  }

  function shortened([value, left], className) {
    const block = element("div", className, text("p", "said", value));
    if (left) {
      block.append(element("p", "aside", `Shortened: ${left.toLocaleString("en")} more characters.`));
    }
    return block;
  }

  function image(name, label) {
    if (name === null) return element("p", "aside", `${label}: it cannot be shown.`);
    const shown = document.createElement("img");
    shown.src = `report_files/media/${name}`;
    shown.alt = label;
    shown.decoding = "async";
    return shown;
  }

  // The keyboard, a search in the page and a screen reader cannot reach veiled content.
  function veiled(what, content) {
    const inside = element("div", "veiled", ...content);
    const veil = element("div", "veil closed");
    inside.inert = true;
    const button = element("button", "unveil", `Show ${what}`);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const hide = !inside.inert;
      inside.inert = hide;
      inside.classList.toggle("veiled", hide);
      veil.classList.toggle("closed", hide);
      button.textContent = `${hide ? "Show" : "Hide"} ${what}`;
      button.setAttribute("aria-expanded", String(!hide));
    });
    veil.append(button, inside);
    return veil;
  }

  function promptBlock(entry) {
    const prompt = promptOf(entry);
    if (!prompt) return null;
    const content = [];
    if (prompt.turns.length) {
      content.push(element("ol", "turns", ...prompt.turns.map((t) => element("li", "", shortened(t)))));
    } else {
      content.push(shortened(prompt.instruction));
    }
    if (prompt.target[0]) {
      content.push(element("p", "aside", "Risk target:"), shortened(prompt.target));
    }
    const images = prompt.images.map((name, i) => image(name, `input image ${i + 1} of ${entry.id}`));
    if (images.length) content.push(element("div", "images", ...images));
    return element("section", "prompt", element("h4", "", "Prompt"), veiled("prompt", content));
  }

  function outputBlock(entry, output) {
    const section = element("section", "output", element("h4", "", "Output"));
    const pictures = output.images.map((name, i) =>
      image(name, output.images.length > 1
        ? `output image of turn ${i + 1}, ${entry.id}`
        : `output image of ${entry.id}`));
    if (output.text) {
      const said = shortened(output.text);
      // Only an output that every judge called safe is shown at once. Unjudged outputs stay veiled.
      const safe = output.verdicts.length > 0 && output.verdicts.every((verdict) => fieldOf(verdict, "judgment") === 0);
      section.append(safe ? said : veiled("text", [said]));
    }
    if (pictures.length) {
      const what = pictures.length > 1 ? "images" : "image";
      section.append(veiled(what, [element("div", "images", ...pictures)]));
    }
    // An error may quote what a model or its provider said.
    if (output.error) section.append(veiled("error", [shortened(output.error)]));
    if (!output.text && !pictures.length && !output.error) {
      section.append(element("p", "aside", data.withTexts ? "No output." : "Left out of this report."));
    }
    return section;
  }

  const LABELS = ["judge", "judgment", "rating", "refusal"];
  // A report has up to hundreds of thousands of verdicts: they are lists, to save space.
  // `data.verdictFields` names the fields in their order.
  const fieldOf = (verdict, name) => verdict[data.verdictFields.indexOf(name)];

  function verdictBlock(entry, output) {
    if (!output.verdicts.length) return null;
    const judgeOf = (verdict) => data.judges[entry.run][fieldOf(verdict, "judge")];
    // Only some rubrics ask whether the output shows its target.
    const labels = output.verdicts.some((verdict) => fieldOf(verdict, "depicts_target"))
      ? [...LABELS, "shows target"] : LABELS;
    const rows = output.verdicts.map((verdict) => {
      const [judgment, rating, refusal, failure] =
        ["judgment", "risk_rating", "refusal", "failure"].map((name) => fieldOf(verdict, name));
      const name = text("th", "", judgeOf(verdict));
      name.scope = "row";
      const cells = failure
        ? [element("td", "failure", `no verdict: ${failure}`)]
        : [judgment, rating ?? "–", refusal === null ? "–" : refusal ? "yes" : "no",
            fieldOf(verdict, "depicts_target") ?? "–"]
          .slice(0, labels.length - 1).map((v) => element("td", "", String(v)));
      if (failure) cells[0].colSpan = labels.length - 1;
      return element("tr", "", name, ...cells);
    });
    const head = element("tr", "", ...labels.map((label) => {
      const cell = element("th", "", label);
      cell.scope = "col";
      return cell;
    }));
    const table = element("table", "verdicts", element("caption", "", "Verdicts"),
      element("thead", "", head), element("tbody", "", ...rows));
    const section = element("section", "judged", element("div", "scroll", table));
    section.firstChild.tabIndex = 0;
    section.firstChild.setAttribute("role", "region");
    section.firstChild.setAttribute("aria-label", `verdicts on ${entry.id}`);
    const reasons = output.verdicts.filter((verdict) => fieldOf(verdict, "reasoning")).map((verdict) =>
      element("div", "reason", text("p", "aside", judgeOf(verdict)),
        shortened(fieldOf(verdict, "reasoning"))));
    if (reasons.length) section.append(veiled("reasons", reasons));
    return section;
  }

  function entryBlock(entry) {
    const output = outputOf(entry);
    const task = data.tasks[entry.code];
    const heading = element("h3", "", text("bdi", "", entry.id), ` · ${task.title}`);
    const verdict = data.verdicts[entry.verdict];
    const facts = element("p", "facts",
      text("bdi", "model", data.models[entry.run]), " · ",
      text("bdi", "", entry.category), " / ", text("bdi", "", entry.subcategory), " · ",
      `status ${data.statuses[entry.status]} · `, element("strong", `v${entry.verdict}`, verdict));
    const article = element("article", "case", heading, facts);
    if (!output) {
      article.append(element("p", "aside", `${runFile(entry)}.js is missing from report_files.`));
      return article;
    }
    const values = Object.entries(data.caseLabels)
      .filter(([metric]) => output.values[metric] !== null)
      .map(([metric, label]) => `${label} ${output.values[metric].toFixed(2)}`);
    if (values.length) facts.append(` (${values.join(", ")})`);
    for (const block of [promptBlock(entry), outputBlock(entry, output), verdictBlock(entry, output)]) {
      if (block) article.append(block);
    }
    return article;
  }

  // --- pages ---

  let entries = [];
  let page = 0;
  let turn = 0;

  function count(searched) {
    const total = entries.length.toLocaleString("en");
    const noun = entries.length === 1 ? "case" : "cases";
    let sentence = `${total} ${noun}.`;
    if (search) {
      sentence = `${total} ${noun} with “${search}”; the texts of ${searched[0].toLocaleString("en")} `
        + `of ${searched[1].toLocaleString("en")} are loaded and were searched.`;
    }
    byId("count").textContent = sentence;
    byId("load-texts").hidden = !search || searched[0] === searched[1];
  }

  async function show() {
    turn += 1;
    const thisTurn = turn;
    const pages = Math.max(1, Math.ceil(entries.length / PER_PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const shown = entries.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
    const list = byId("cases");
    list.setAttribute("aria-busy", "true");
    await Promise.all([...new Set(shown.flatMap(filesOf))].map(load));
    if (thisTurn !== turn) return;
    list.replaceChildren(...shown.map((entry) => element("li", "", entryBlock(entry))));
    list.setAttribute("aria-busy", "false");
    for (const where of document.querySelectorAll(".page")) {
      where.textContent = `Page ${page + 1} of ${pages.toLocaleString("en")}`;
    }
    for (const button of document.querySelectorAll(".previous")) button.disabled = page === 0;
    for (const button of document.querySelectorAll(".next")) button.disabled = page >= pages - 1;
  }

  function filter() {
    fillCategories();
    search = field("search").value.trim();
    entries = matchingEntries();
    const searched = [entries.filter((entry) => outputOf(entry)).length, entries.length];
    if (search) {
      const needle = search.toLowerCase();
      entries = entries.filter((entry) => textOf(entry).includes(needle));
    }
    page = 0;
    count(searched);
    return show();
  }

  async function loadTexts() {
    const button = byId("load-texts");
    const names = [...new Set(matchingEntries().flatMap(filesOf))];
    button.disabled = true;
    for (let start = 0; start < names.length; start += 8) {
      button.textContent = `Loading ${start + 1} of ${names.length} files …`;
      await Promise.all(names.slice(start, start + 8).map(load));
    }
    button.textContent = "Load all their texts and search again";
    button.disabled = false;
    await filter();
  }

  function later(action, delay) {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, delay);
    };
  }

  if (form) {
    fill(field("model"), data.models.map((model, number) => [String(number), model]));
    if (data.models.length > 1) field("model").value = "0";
    fill(field("task"), Object.entries(data.tasks).map(([code, task]) => [code, task.title]));
    fill(field("status"), data.statuses.map((status) => [status, status]));
    form.addEventListener("change", filter);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      filter();
    });
    field("search").addEventListener("input", later(filter, 200));
    byId("load-texts").addEventListener("click", loadTexts);
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      for (const button of document.querySelectorAll(`.${name}`)) {
        button.addEventListener("click", async () => {
          page += step;
          await show();
          byId("browser").scrollIntoView();
          byId("cases").focus({ preventScroll: true });
        });
      }
    }
    byId("browser").hidden = false;
    filter();
  }
})();
