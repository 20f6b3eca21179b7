// The filters of the case browser: the form shows the state, and gives it.
const caseForm = (() => {
  "use strict";
  const { data } = caseData;
  const form = document.getElementById("filters");
  const field = (name) => form.elements.namedItem(name);
  const PLACES = ["task", "category", "subcategory"];
  const FIELDS = [...PLACES, "status", "verdict", "search"];

  function fill(select, options) {
    select.replaceChildren(new Option("all", ""), ...options.map(([value, label]) => new Option(label, value)));
  }

  const unique = (values) => [...new Set(values)].sort();

  function fillCategories(state) {
    const found = caseData.subcategoriesOf(state.task).map(([category]) => category);
    fill(field("category"), unique(found).map((name) => [name, name]));
  }

  function fillSubcategories(state) {
    const within = caseData.subcategoriesOf(state.task)
      .filter(([category]) => !state.category || category === state.category);
    fill(field("subcategory"), unique(within.map(([, code]) => code)).map((code) => {
      const names = within.filter(([, other]) => other === code).flatMap(([, , all]) => all);
      return [code, [code, unique(names).join("; ")].join(" ").trim()];
    }));
  }

  const asText = (run) => (run === null ? "" : String(run));
  const asRun = (value) => (value === "" ? null : Number(value));

  // Show the state. What the form does not offer is taken out of the state, and told.
  function reflect(state) {
    const unknown = [];
    if (state.run === null || state.beside === state.run || state.isLabelling) state.beside = null;
    if (state.verdict === "differ" && state.beside === null) state.verdict = "";
    field("model").value = asText(state.run);
    field("with").value = asText(state.beside);
    field("with").disabled = state.run === null;
    field("verdict").querySelector("[value=differ]").disabled = state.beside === null;
    for (const name of FIELDS) {
      if (name === "category") fillCategories(state);
      if (name === "subcategory") fillSubcategories(state);
      field(name).value = state[name];
      if (field(name).value !== state[name]) {
        unknown.push(`The address names the ${name} “${state[name].slice(0, 200)}”, which is not here.`);
        field(name).value = "";
        state[name] = "";
      }
    }
    for (const part of document.querySelectorAll("#browser [data-when]")) {
      part.hidden = (part.dataset.when === "labelling") !== state.isLabelling;
    }
    if (data.models.length < 2) {
      for (const name of ["model", "with"]) field(name).closest("p").hidden = true;
    }
    return unknown;
  }

  const read = () => ({
    run: asRun(field("model").value),
    beside: asRun(field("with").value),
    ...Object.fromEntries(FIELDS.map((name) => [name, field(name).value])),
    search: field("search").value.trim(),
  });

  function start() {
    const runs = data.models.map((model, number) => [String(number), model]);
    fill(field("model"), runs);
    fill(field("with"), runs);
    field("with").options[0].text = "no other run";
    fill(field("task"), Object.entries(data.tasks).map(([code, task]) => [code, task.title]));
    fill(field("status"), data.statuses.map((status) => [status, status]));
  }

  return { form, read, reflect, start };
})();
