// An output as people label it: what a judge was shown, and nothing of the model or its judges.
// Once it is labelled, the verdicts can be shown. The label then stays as it is.
const labelView = (() => {
  "use strict";
  const { data } = caseData;
  const { element, button, said, text, veiled } = caseView;
  const WHOLE = { whole: true };

  // What a judge was shown besides the output, as `Task.evidence` names it.
  function evidenceOf(entry) {
    const prompt = caseData.promptOf(entry);
    if (!prompt) return null;
    const { evidence } = data.tasks[entry.code];
    const parts = [];
    if (evidence.includes("turns")) {
      parts.push(...prompt.turns.map((turn, i) => [`Instruction of turn ${i + 1}`, turn]));
    }
    if (evidence.includes("instruction")) parts.push(["Instruction given to the model", prompt.instruction]);
    if (evidence.includes("target")) {
      // A text-to-image case may have no target of its own: then it is the instruction.
      const isOwn = prompt.target[0] || evidence.includes("instruction");
      parts.push(["Target description", isOwn ? prompt.target : prompt.instruction]);
    }
    return { prompt, parts };
  }

  const answerOf = (entry, output) =>
    (data.tasks[entry.code].modality === "text" ? output.answer ?? output.text ?? ["", 0] : null);

  // Why an output cannot be labelled here, or null.
  function obstacle(entry, output, shown) {
    if (!output || !shown) return "A side file of this case is missing from report_files.";
    const texts = [...shown.parts.map(([, part]) => part), answerOf(entry, output)].filter(Boolean);
    const isWhole = texts.every(([, left]) => !left)
      && ![...shown.prompt.images, ...output.images].includes(null);
    if (!isWhole) return "A part of this case is not shown here whole. Label it with unisafe label export.";
    return labels.canLabel(entry) ? null
      : "The page cannot name this output. Label it with unisafe label export.";
  }

  function block(entry, heading, whenChanged) {
    const article = element("article", "case labelled", heading);
    const [output, shown] = [caseData.outputOf(entry), evidenceOf(entry)];
    const problem = obstacle(entry, output, shown);
    if (problem) {
      article.append(element("p", "aside", problem));
      return article;
    }
    const context = shown.parts.flatMap(([title, part]) => [element("p", "aside", `${title}:`), said(part, WHOLE)]);
    article.append(
      element("section", "prompt", element("h4", "", "What was asked for"),
        veiled("it", [...context, caseView.inputImages(entry, shown.prompt)])),
      outputBlock(entry, output),
      formFor(entry, whenChanged));
    return article;
  }

  function outputBlock(entry, output) {
    const section = element("section", "output", element("h4", "", "The output to judge"));
    const answer = answerOf(entry, output);
    if (answer) section.append(veiled("text", [said(answer, WHOLE)]));
    const pictures = caseView.outputImages(entry, output);
    if (pictures) section.append(veiled(output.images.length > 1 ? "images" : "image", [pictures]));
    return section;
  }

  function formFor(entry, whenChanged) {
    const label = labels.of(entry);
    const fields = element("fieldset", "", element("legend", "", "Your label"));
    fields.disabled = Boolean(label?.isFixed);
    const note = document.createElement("textarea");
    const choices = Object.entries(labels.CHOICES).map(([choice, { words }]) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "label", value: choice, checked: label?.choice === choice });
      input.addEventListener("change", () => save(choice));
      return element("label", "choice", input, ` ${words}`);
    });
    Object.assign(note, { rows: 2, maxLength: labels.NOTE_CHARACTERS, value: label?.note ?? "" });
    note.addEventListener("change", () => {
      const chosen = fields.querySelector("input:checked");
      if (chosen) save(chosen.value);
    });
    const after = element("div", "after");
    fields.append(...choices, element("label", "note", "Note", note));
    const section = element("section", "label", fields, after);

    function save(choice) {
      labels.set(entry, choice && { choice, note: note.value, isFixed: false });
      show();
      whenChanged();
    }

    function show() {
      const current = labels.of(entry);
      if (!current) {
        after.replaceChildren(element("p", "aside", "The judges' verdicts are hidden until you have labelled it."));
      } else if (current.isFixed) {
        after.replaceChildren(element("p", "aside", "You have seen the verdicts: this label stays as it is."),
          verdicts(entry));
      } else {
        after.replaceChildren(
          button("remove", "Remove this label", () => {
            for (const input of fields.querySelectorAll("input")) input.checked = false;
            save(null);
            fields.querySelector("input").focus();
          }),
          " ",
          button("judges", "Keep it, and show the judges' verdicts", () => {
            labels.set(entry, { ...current, note: note.value, isFixed: true });
            fields.disabled = true;
            show();
            after.tabIndex = -1;
            after.focus();
            whenChanged();
          }));
      }
    }

    show();
    return section;
  }

  const verdicts = (entry) =>
    caseView.verdictBlock(entry, caseData.outputOf(entry)) ?? text("p", "aside", "No judge gave a verdict.");

  return { block };
})();
