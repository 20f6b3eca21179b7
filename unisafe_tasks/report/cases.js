// The case browser: filters, pages, keys and the address. It is also the page on which people label.
(() => {
  "use strict";
  const { data } = caseData;
  const byId = (id) => document.getElementById(id);
  const { form } = caseForm;
  const list = byId("cases");
  const canLabel = data.withTexts && data.prompts.includes(true);
  // The title of a report on one model is the model's name.
  const { title } = document;

  let state = caseAddress.initial();
  let problems = [];
  let entries = [];
  let searched = [0, 0];
  let rendered = null;
  let turn = 0;

  // --- what is found ---

  function find() {
    const { run, task, category, subcategory } = state;
    if (state.isLabelling) {
      // No filter and no order here may tell what the judges said.
      entries = labels.inOrder(caseData.matching({ run, task, category, subcategory }));
      return;
    }
    entries = caseData.matching(state);
    const needle = state.search.toLowerCase();
    if (!needle) return;
    searched = [entries.filter((entry) => caseData.outputOf(entry)).length, entries.length];
    entries = entries.filter((entry) => caseData.textOf(entry).includes(needle));
  }

  const isSame = (one, other) =>
    one.run === other.run && one.code === other.code && one.index === other.index;
  const placeOf = (entry) => (entry ? entries.findIndex((other) => isSame(entry, other)) : -1);
  const perPage = () => (state.isLabelling ? 1 : 10);
  const position = () => (state.isLabelling ? state.at : Math.max(placeOf(state.shown), 0));

  function sentence() {
    const noun = entries.length === 1 ? "case" : "cases";
    const total = `${caseView.number(entries.length)} ${noun}`;
    if (state.isLabelling) {
      return entries.length ? `Output ${caseView.number(state.at + 1)} of ${caseView.number(entries.length)}.`
        : "There is no output to label here.";
    }
    if (!state.search) return `${total}.`;
    return `${total} with “${state.search}”; the texts of ${caseView.number(searched[0])} `
      + `of ${caseView.number(searched[1])} are loaded and were searched.`;
  }

  function tellLabels() {
    const total = labels.count();
    byId("labelled").textContent = `${caseView.number(total)} ${total === 1 ? "label" : "labels"}. `
      + (labels.isKept() ? "They stay in this browser and are sent nowhere: download them as a file."
        : "This browser does not keep them: download them before you leave this page.");
    byId("download").disabled = total === 0;
  }

  // --- what is shown ---

  function addressOf(entry) {
    return caseAddress.write({ ...state, shown: entry });
  }

  function blockOf(entry) {
    if (state.isLabelling) {
      const heading = caseView.element("h3", "", caseView.text("bdi", "", caseData.idOf(entry)),
        ` · ${data.tasks[entry.code].title}`);
      heading.tabIndex = -1;
      return labelView.block(entry, heading, tellLabels);
    }
    if (state.beside === null) return caseView.caseBlock(entry, addressOf(entry));
    return caseView.pairBlock(entry, caseData.counterpart(entry, state.beside), state.beside, addressOf(entry));
  }

  function filesOf(entry) {
    const other = state.beside === null ? null : caseData.counterpart(entry, state.beside);
    return [...caseData.filesOf(entry), ...(other ? [caseData.runFile(other)] : [])];
  }

  async function show() {
    turn += 1;
    const thisTurn = turn;
    byId("count").textContent = sentence();
    byId("problem").textContent = problems.join(" ");
    byId("problem").hidden = problems.length === 0;
    byId("load-texts").hidden = state.isLabelling || !state.search || searched[0] === searched[1];
    const size = perPage();
    const page = Math.floor(position() / size);
    if (rendered?.entries !== entries || rendered.page !== page) {
      const shown = entries.slice(page * size, (page + 1) * size);
      list.setAttribute("aria-busy", "true");
      await Promise.all([...new Set(shown.flatMap(filesOf))].map(caseData.load));
      if (thisTurn !== turn) return false;
      list.replaceChildren(...shown.map((entry) => caseView.element("li", "", blockOf(entry))));
      list.start = page * size + 1;
      list.setAttribute("aria-busy", "false");
      rendered = { entries, page };
      const pages = Math.max(1, Math.ceil(entries.length / size));
      for (const where of document.querySelectorAll(".page")) {
        where.textContent = state.isLabelling ? "" : `Page ${page + 1} of ${caseView.number(pages)}`;
      }
      for (const button of document.querySelectorAll(".previous")) button.disabled = page === 0;
      for (const button of document.querySelectorAll(".next")) button.disabled = page >= pages - 1;
    }
    const current = state.shown || state.isLabelling ? position() - page * size : -1;
    for (const [number, item] of [...list.children].entries()) {
      if (number === current) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
    return true;
  }

  function goToCurrent() {
    const item = list.querySelector("[aria-current]");
    (item ?? byId("browser")).scrollIntoView({ behavior: "instant" });
    (item?.querySelector("h3") ?? list).focus({ preventScroll: true });
  }

  // Find and show what the state says; `how` is the history's method, or empty if it is there already.
  async function update(how) {
    const unknown = caseForm.reflect(state);
    byId("start-labelling").hidden = state.isLabelling || !canLabel;
    document.documentElement.classList.toggle("labelling", state.isLabelling);
    document.title = state.isLabelling ? "Label outputs" : title;
    document.querySelector("h1").textContent = document.title;
    if (!how) problems.push(...unknown);
    find();
    if (state.isLabelling) state.at = Math.min(state.at, Math.max(entries.length - 1, 0));
    else if (state.shown && placeOf(state.shown) < 0) {
      problems.push("The filters of the address do not find its case any more.");
      state.shown = null;
    }
    remember(how);
    return show();
  }

  function remember(how) {
    const address = caseAddress.write(state);
    if (how && address !== window.location.hash) window.history[how](null, "", address);
  }

  // --- steps ---

  async function goTo(place, how) {
    if (place < 0 || place >= entries.length) return;
    problems = [];
    if (state.isLabelling) state.at = place;
    else state.shown = entries[place];
    remember(how);
    if (await show()) goToCurrent();
  }

  function step(by) {
    const isAtStart = !state.isLabelling && !state.shown;
    return goTo(isAtStart ? 0 : position() + by, "replaceState");
  }

  const turnPage = (by) => goTo((Math.floor(position() / perPage()) + by) * perPage(), "pushState");

  async function toUnlabelled() {
    const ordered = entries;
    for (let by = 1; by <= ordered.length; by += 1) {
      const place = (state.at + by) % ordered.length;
      const entry = ordered[place];
      // The label may be of another output of the case: the side file says which output this is.
      if (labels.mayBeLabelled(entry)) await caseData.load(caseData.runFile(entry));
      if (ordered !== entries) return;
      if (!labels.mayBeLabelled(entry) || (labels.canLabel(entry) && !labels.of(entry))) {
        await goTo(place, "pushState");
        return;
      }
    }
  }

  function label(isLabelling) {
    const { task, category, subcategory } = state;
    const run = isLabelling ? null : caseAddress.initial().run;
    state = { ...caseAddress.initial(), task, category, subcategory, isLabelling, run };
    problems = [];
    return update("pushState").then((isShown) => isShown && goToCurrent());
  }

  async function loadTexts() {
    const button = byId("load-texts");
    const names = [...new Set(caseData.matching(state).flatMap(filesOf))];
    button.disabled = true;
    for (let start = 0; start < names.length; start += 8) {
      button.textContent = `Loading ${start + 1} of ${names.length} files …`;
      await Promise.all(names.slice(start, start + 8).map(caseData.load));
    }
    button.textContent = "Load all their texts and search again";
    button.disabled = false;
    await update("replaceState");
  }

  function later(action, delay) {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, delay);
    };
  }

  function filter(how) {
    const given = caseForm.read();
    // A field that is left without a change must not veil again what somebody looks at.
    if (Object.keys(given).every((name) => given[name] === state[name])) return Promise.resolve();
    state = { ...state, ...given, shown: null, at: 0 };
    problems = [];
    return update(how);
  }

  async function followAddress() {
    const given = caseAddress.read(window.location.hash);
    // Another section of the page is no state of the browser; an address without one is the first.
    if (!given && window.location.hash) return;
    problems = given?.problems ?? [];
    state = given?.state ?? caseAddress.initial();
    if (state.isLabelling && !canLabel) {
      problems.push("Nobody can label in this report: it was made without prompts. Name the data with --data.");
      state = caseAddress.initial();
    }
    if (await update("") && given) goToCurrent();
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    r: () => byId("show-images").click(),
  };

  function press(event) {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !byId("keys").checked) return;
    if (target.matches("select, textarea, input:not([type=radio], [type=checkbox])")) return;
    // Elsewhere in the page a letter may mean something else.
    if (target !== document.body && !byId("browser").contains(target)) return;
    if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
  }

  caseForm.start();
  form.addEventListener("change", () => filter("pushState"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter("pushState");
  });
  byId("f-search").addEventListener("input", later(() => filter("replaceState"), 200));
  byId("load-texts").addEventListener("click", loadTexts);
  for (const [name, by] of [["previous", -1], ["next", 1]]) {
    for (const button of document.querySelectorAll(`.${name}`)) {
      button.addEventListener("click", () => turnPage(by));
    }
  }
  byId("show-images").addEventListener("click", ({ currentTarget }) => {
    const areShown = currentTarget.getAttribute("aria-pressed") !== "true";
    currentTarget.setAttribute("aria-pressed", String(areShown));
    caseView.showImages(areShown);
  });
  byId("start-labelling").addEventListener("click", () => label(true));
  byId("stop-labelling").addEventListener("click", () => label(false));
  byId("unlabelled").addEventListener("click", toUnlabelled);
  document.addEventListener("keydown", press);
  window.addEventListener("hashchange", followAddress);
  labels.start(tellLabels);
  tellLabels();
  byId("browser").hidden = false;
  if (caseAddress.read(window.location.hash)) followAddress();
  else update("");
})();
