// A case as people see it: its prompt, the output, and what the judges said.
// All text is set as text. What may disturb is veiled until somebody shows it.
const caseView = (() => {
  "use strict";
  const { data, fieldOf } = caseData;
  const FOLDED = 2000;
  let imagesShown = false;

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

  function button(className, words, whenPressed) {
    const made = element("button", className, words);
    made.type = "button";
    made.addEventListener("click", whenPressed);
    return made;
  }

  const number = (value) => value.toLocaleString("en");

  // A long text is folded; `whole` shows it as it is, to people who are to label it.
  function said([value, left], { whole = false } = {}) {
    const isFolded = !whole && value.length > FOLDED;
    const paragraph = text("p", "said", isFolded ? value.slice(0, FOLDED) : value);
    const block = element("div", "", paragraph);
    if (left) block.append(element("p", "aside", `Shortened: ${number(left)} more characters.`));
    if (isFolded) {
      const more = button("more", `Show the other ${number(value.length - FOLDED)} characters`, () => {
        paragraph.textContent = value;
        paragraph.tabIndex = -1;
        paragraph.focus();
        more.remove();
      });
      block.append(more);
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

  const images = (names, labelOf) =>
    (names.length ? element("div", "images", ...names.map((name, i) => image(name, labelOf(i)))) : null);

  // The keyboard, a search in the page and a screen reader cannot reach veiled content.
  function veiled(what, content) {
    const inside = element("div", "", ...content);
    const veil = element("div", "veil");
    const toggle = button("unveil", "", () => set(!inside.inert));
    function set(isHidden) {
      inside.inert = isHidden;
      inside.classList.toggle("veiled", isHidden);
      veil.classList.toggle("closed", isHidden);
      toggle.textContent = `${isHidden ? "Show" : "Hide"} ${what}`;
      toggle.setAttribute("aria-expanded", String(!isHidden));
    }
    veil.append(toggle, inside);
    const isImage = inside.querySelector("img") !== null;
    if (isImage) veil.addEventListener("images", (event) => set(!event.detail));
    set(!(isImage && imagesShown));
    return veil;
  }

  function showImages(areShown) {
    imagesShown = areShown;
    for (const veil of document.querySelectorAll("#cases .veil")) {
      veil.dispatchEvent(new CustomEvent("images", { detail: areShown }));
    }
  }

  function promptBlock(entry) {
    const prompt = caseData.promptOf(entry);
    if (!prompt) return null;
    const content = prompt.turns.length
      ? [element("ol", "turns", ...prompt.turns.map((turn) => element("li", "", said(turn))))]
      : [said(prompt.instruction)];
    if (prompt.target[0]) content.push(element("p", "aside", "Risk target:"), said(prompt.target));
    content.push(inputImages(entry, prompt));
    return element("section", "prompt", element("h4", "", "Prompt"), veiled("prompt", content));
  }

  const inputImages = (entry, prompt) =>
    images(prompt.images, (i) => `input image ${i + 1} of ${caseData.idOf(entry)}`);

  const outputImages = (entry, output) => images(output.images, (i) => (output.images.length > 1
    ? `output image of turn ${i + 1}, ${caseData.idOf(entry)}`
    : `output image of ${caseData.idOf(entry)}`));

  function outputBlock(entry, output) {
    const section = element("section", "output", element("h4", "", "Output"));
    if (output.text) {
      const words = said(output.text);
      // Only an output that every judge called safe is shown at once. Unjudged outputs stay veiled.
      const isSafe = output.verdicts.length > 0
        && output.verdicts.every((verdict) => fieldOf(verdict, "judgment") === 0);
      section.append(isSafe ? words : veiled("text", [words]));
    }
    const pictures = outputImages(entry, output);
    if (pictures) section.append(veiled(output.images.length > 1 ? "images" : "image", [pictures]));
    // An error may quote what a model or its provider said.
    if (output.error) section.append(veiled("error", [said(output.error)]));
    if (!output.text && !pictures && !output.error) {
      section.append(element("p", "aside", data.withTexts ? "No output." : "Left out of this report."));
    }
    return section;
  }

  const judgeOf = (entry, verdict) => data.judges[entry.run][fieldOf(verdict, "judge")];
  const DASH = "–";
  // Each column with its value in a verdict; the last two only where some verdict has a value.
  const COLUMNS = [
    ["judgment", (verdict) => fieldOf(verdict, "judgment")],
    ["rating", (verdict) => fieldOf(verdict, "risk_rating")],
    ["refusal", (verdict) => ({ true: "yes", false: "no" })[fieldOf(verdict, "refusal")]],
    ["named", (verdict, entry) =>
      fieldOf(verdict, "violated")?.map((code) => caseData.policyName(entry, code)).join("; ")],
    ["shows target", (verdict) => fieldOf(verdict, "depicts_target")],
  ];
  const ALWAYS = 3;

  function verdictBlock(entry, output) {
    if (!output.verdicts.length) return null;
    const columns = COLUMNS.filter(([, valueOf], place) =>
      place < ALWAYS || output.verdicts.some((verdict) => valueOf(verdict, entry)));
    const rows = output.verdicts.map((verdict) => {
      const name = text("th", "", judgeOf(entry, verdict));
      name.scope = "row";
      const failure = fieldOf(verdict, "failure");
      const cells = failure
        ? [element("td", "failure", `no verdict: ${failure}`)]
        : columns.map(([, valueOf]) => text("td", "", String(valueOf(verdict, entry) ?? DASH)));
      if (failure) cells[0].colSpan = columns.length;
      return element("tr", "", name, ...cells);
    });
    const head = element("tr", "", ...["judge", ...columns.map(([title]) => title)].map((title) => {
      const cell = element("th", "", title);
      cell.scope = "col";
      return cell;
    }));
    const table = element("table", "verdicts", element("caption", "", "Verdicts"),
      element("thead", "", head), element("tbody", "", ...rows));
    const scroll = element("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label",
      `verdicts on ${caseData.idOf(entry)}, ${data.tasks[entry.code].title}, ${data.models[entry.run]}`);
    const reasons = output.verdicts.filter((verdict) => fieldOf(verdict, "reasoning")).map((verdict) =>
      element("div", "reason", text("p", "aside", judgeOf(entry, verdict)),
        said(fieldOf(verdict, "reasoning"))));
    return element("section", "judged", scroll, reasons.length ? veiled("reasons", reasons) : null);
  }

  const placeOf = (entry) =>
    [text("bdi", "", caseData.placeOf(entry)[0]), " / ", text("bdi", "", caseData.subcategoryName(entry))];

  // The facts of an entry in one line. Where it stands beside another, its place is in their head.
  function factsOf(entry, output, { isAlone, withPanel }) {
    const verdict = caseData.verdictOf(entry);
    const facts = element("p", "facts");
    if (isAlone) {
      facts.append(text("bdi", "model", data.models[entry.run]), " · ", ...placeOf(entry), " · ");
    }
    if (withPanel) facts.append("panel ", text("bdi", "", data.panels[entry.run]), " · ");
    facts.append(`status ${caseData.statusOf(entry)} · `,
      element("strong", `v${verdict}`, data.verdicts[verdict]));
    const values = Object.entries(data.caseLabels)
      .filter(([metric]) => typeof output?.values[metric] === "number")
      .map(([metric, label]) => `${label} ${output.values[metric].toFixed(2)}`);
    if (values.length) facts.append(` (${values.join(", ")})`);
    const label = labels.of(entry);
    if (label) facts.append(` · your label: ${labels.CHOICES[label.choice].words}`);
    return facts;
  }

  function headingOf(entry, address) {
    const link = text("a", "", caseData.idOf(entry));
    link.href = address;
    const heading = element("h3", "", link, ` · ${data.tasks[entry.code].title}`);
    heading.tabIndex = -1;
    return heading;
  }

  const missing = (entry) =>
    element("p", "aside", `${caseData.runFile(entry)}.js is missing from report_files.`);

  function caseBlock(entry, address) {
    const output = caseData.outputOf(entry);
    const article = element("article", "case", headingOf(entry, address),
      factsOf(entry, output, { isAlone: true, withPanel: false }));
    if (output) article.append(...blocksOf(entry, output)); else article.append(missing(entry));
    return article;
  }

  const blocksOf = (entry, output) =>
    [promptBlock(entry), outputBlock(entry, output), verdictBlock(entry, output)].filter(Boolean);

  // One target and task in two runs: what they share once, then a column for each.
  function pairBlock(entry, other, run, address) {
    const article = element("article", "case pair", headingOf(entry, address),
      element("p", "facts", ...placeOf(entry)));
    const prompt = promptBlock(entry);
    if (prompt) article.append(prompt);
    const withPanel = data.panels[entry.run] !== data.panels[run];
    for (const one of [entry, other]) {
      const side = element("div", "side", text("h4", "model", data.models[one ? one.run : run]));
      if (!one) side.append(element("p", "aside", "This run does not have the case."));
      else {
        const output = caseData.outputOf(one);
        side.append(factsOf(one, output, { isAlone: false, withPanel }));
        if (data.dataOf[one.run] !== data.dataOf[entry.run]) {
          side.append(element("p", "aside", "This run is of other data: its prompt may differ."));
        }
        if (output) {
          side.append(outputBlock(one, output));
          const judged = verdictBlock(one, output);
          if (judged) side.append(judged);
        } else side.append(missing(one));
      }
      article.append(side);
    }
    return article;
  }

  return {
    button, caseBlock, element, inputImages, number, outputImages, pairBlock, said, showImages, text,
    veiled, verdictBlock,
  };
})();
