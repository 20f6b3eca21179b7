// The cases: the table that the page holds, and the side files with their texts and verdicts.
// An entry is one case in one run: { run, code, index, kind }, and `kind` is its place in `data.kinds`,
// which begins with the worst outcome.
const caseData = (() => {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const [SAFE, SAFE_DIVIDED, UNSAFE_DIVIDED, UNSAFE] = [1, 2, 3, 4];

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

  const fileOf = (letter, number, entry) =>
    `${letter}${number}-${entry.code.toLowerCase()}-${Math.floor(entry.index / data.block)}`;
  const runFile = (entry) => fileOf("r", entry.run, entry);
  const promptFile = (entry) => fileOf("d", data.dataOf[entry.run], entry);
  const hasPrompt = (entry) => data.prompts[data.dataOf[entry.run]];
  const filesOf = (entry) => (hasPrompt(entry) ? [runFile(entry), promptFile(entry)] : [runFile(entry)]);
  const outputOf = (entry) => parts.get(runFile(entry))?.get(entry.index);
  const promptOf = (entry) => parts.get(promptFile(entry))?.get(entry.index);

  // --- what the table says of an entry ---

  const casesOf = (run, code) => data.data[data.dataOf[run]][code];
  const idOf = (entry) => casesOf(entry.run, entry.code).ids[entry.index];
  const placeOf = (entry) => data.subcategories[casesOf(entry.run, entry.code).subcategories[entry.index]];
  const statusOf = (entry) => data.statuses[data.kinds[entry.kind][0]];
  const verdictOf = (entry) => data.kinds[entry.kind][1];
  const isUnsafe = (entry) => verdictOf(entry) >= UNSAFE_DIVIDED;
  const isScored = (entry) => verdictOf(entry) >= SAFE;
  const kindOf = new Map([...data.letters].map((letter, kind) => [letter, kind]));

  const VERDICT_FILTERS = {
    unsafe: isUnsafe,
    safe: (entry) => isScored(entry) && !isUnsafe(entry),
    divided: (entry) => [SAFE_DIVIDED, UNSAFE_DIVIDED].includes(verdictOf(entry)),
    unscored: (entry) => !isScored(entry),
    differ: (entry, other) => other !== null && isScored(entry) && isScored(other)
      && isUnsafe(entry) !== isUnsafe(other),
  };

  // The entry of a case in a run, or null where the run has no such case.
  function entryOf(run, code, index) {
    const kind = kindOf.get(data.outcomes[run][code]?.[index]);
    return kind === undefined ? null : { run, code, index, kind };
  }

  const places = new Map();

  // The entry of another run on the same target and task, or null.
  function counterpart(entry, run) {
    if (!data.outcomes[run][entry.code]) return null;
    let index = entry.index;
    if (data.dataOf[run] !== data.dataOf[entry.run]) {
      const key = `${data.dataOf[run]} ${entry.code}`;
      if (!places.has(key)) {
        places.set(key, new Map(casesOf(run, entry.code).ids.map((id, number) => [id, number])));
      }
      index = places.get(key).get(idOf(entry));
    }
    return entryOf(run, entry.code, index);
  }

  // The entries that pass the filters, by kind: so the worst come first.
  function matching({ run, task, category, subcategory, status, verdict, beside }) {
    const found = data.kinds.map(() => []);
    for (const number of data.outcomes.keys()) {
      if (run !== null && number !== run) continue;
      for (const [code, letters] of Object.entries(data.outcomes[number])) {
        if (task && task !== code) continue;
        const { subcategories } = casesOf(number, code);
        for (let index = 0; index < letters.length; index += 1) {
          const kind = kindOf.get(letters[index]);
          if (kind === undefined) continue;
          const place = data.subcategories[subcategories[index]];
          if ((category && place[0] !== category) || (subcategory && place[1] !== subcategory)) continue;
          const entry = { run: number, code, index, kind };
          if (status && statusOf(entry) !== status) continue;
          if (verdict) {
            const other = verdict === "differ" && beside !== null ? counterpart(entry, beside) : null;
            if (!VERDICT_FILTERS[verdict](entry, other)) continue;
          }
          found[kind].push(entry);
        }
      }
    }
    return found.flat();
  }

  // --- names of codes ---

  const modalityOf = (code) => data.tasks[code].modality;
  const withName = (code, name) => (name ? `${code} ${name}` : code);
  const named = (names, code) => (Object.hasOwn(names, code) ? names[code] : "");
  const subcategoryName = (entry) =>
    withName(placeOf(entry)[1], named(data.taxonomy[modalityOf(entry.code)], placeOf(entry)[1]));
  // A judge names the codes of its panel's policy, which may be another than the data's.
  const policyName = (entry, code) =>
    withName(code, named(data.policies[data.policyOf[entry.run]][modalityOf(entry.code)] ?? {}, code));

  // The subcategories of a task's cases, or of all; each as [category, code, code with names].
  function subcategoriesOf(task) {
    const found = new Map();
    for (const tasks of data.data) {
      for (const [code, cases] of Object.entries(tasks)) {
        if (task && code !== task) continue;
        for (const number of new Set(cases.subcategories)) {
          const [, short] = data.subcategories[number];
          if (!found.has(number)) found.set(number, new Set());
          found.get(number).add(named(data.taxonomy[modalityOf(code)], short));
        }
      }
    }
    return [...found].map(([number, names]) => {
      const [category, short] = data.subcategories[number];
      return [category, short, [...names].filter(Boolean)];
    });
  }

  // A report has up to hundreds of thousands of verdicts: they are lists, to save space.
  const fieldOf = (verdict, name) => verdict[data.verdictFields.indexOf(name)] ?? null;

  function textOf(entry) {
    const output = outputOf(entry);
    const prompt = promptOf(entry);
    const texts = [idOf(entry)];
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

  return {
    data, load, filesOf, runFile, hasPrompt, outputOf, promptOf, idOf, placeOf, statusOf, verdictOf,
    entryOf, counterpart, matching, subcategoryName, policyName, subcategoriesOf, fieldOf, textOf,
  };
})();
