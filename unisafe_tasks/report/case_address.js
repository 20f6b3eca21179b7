// The browser's state, and the address it stands in. report/case_links.py has the table of its names.
// Which images are shown is no part of it: a link must not show anybody an image unasked.
const caseAddress = (() => {
  "use strict";
  const { data } = caseData;
  const START = "#cases";
  const FILTERS = ["task", "category", "subcategory", "status", "verdict", "search"];

  // `run` and `beside` are numbers of runs, or null; `shown` is the case to go to.
  const initial = () => ({
    run: data.models.length > 1 ? 0 : null, beside: null, shown: null, isLabelling: false, at: 0,
    ...Object.fromEntries(FILTERS.map((name) => [name, ""])),
  });

  function write(state) {
    const pairs = new URLSearchParams();
    if (state.isLabelling) pairs.set("labelling", "yes");
    if (state.run !== null) pairs.set("model", data.models[state.run]);
    else if (data.models.length > 1 && !state.isLabelling) pairs.set("model", "");
    for (const name of FILTERS) {
      if (state[name]) pairs.set(name, state[name]);
    }
    if (state.beside !== null) pairs.set("with", data.models[state.beside]);
    if (state.isLabelling && state.at) pairs.set("at", String(state.at + 1));
    if (!state.isLabelling && state.shown) {
      pairs.set("case", `${caseData.idOf(state.shown)}/${state.shown.code}`);
      if (state.run === null && data.models.length > 1) pairs.set("of", data.models[state.shown.run]);
    }
    return `${START}?${pairs}`;
  }

  // The state of an address and what is wrong with it; null if the address is not of a case.
  function read(hash) {
    if (hash !== START && !hash.startsWith(`${START}?`)) return null;
    const given = new URLSearchParams(hash.slice(START.length + 1));
    const state = initial();
    const problems = [];
    const unknown = (what, value) => {
      problems.push(`The address names the ${what} “${value.slice(0, 200)}”, which this report does not have.`);
    };
    const runOf = (name, what) => {
      const label = given.get(name);
      if (!label) return null;
      const run = data.models.indexOf(label);
      if (run < 0) unknown(what, label);
      return run < 0 ? null : run;
    };
    state.isLabelling = given.get("labelling") === "yes";
    // Nobody who labels is told whose output it is: so the order goes over all models.
    if (given.has("model") || state.isLabelling) state.run = runOf("model", "model");
    state.beside = runOf("with", "model");
    const at = Number.parseInt(given.get("at"), 10);
    if (at > 0) state.at = at - 1;
    for (const name of FILTERS) state[name] = given.get(name) ?? "";
    if (given.get("case")) {
      state.shown = find(given.get("case"), state.run ?? runOf("of", "model"));
      if (!state.shown) unknown("case", given.get("case"));
    }
    return { state, problems };
  }

  function find(key, run) {
    const end = key.lastIndexOf("/");
    const [id, code] = [key.slice(0, end), key.slice(end + 1)];
    for (const number of run === null ? data.outcomes.keys() : [run]) {
      if (!Object.hasOwn(data.outcomes[number], code)) continue;
      const index = data.data[data.dataOf[number]][code].ids.indexOf(id);
      const entry = caseData.entryOf(number, code, index);
      if (entry) return entry;
    }
    return null;
  }

  return { initial, read, write };
})();
