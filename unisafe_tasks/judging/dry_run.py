"""What a panel would be sent about outputs, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from unisafe_judges import (
    CallFailure,
    Evidence,
    FailureKind,
    ImageError,
    ImagePart,
    LabelsSpec,
    Panel,
    Rubric,
)
from unisafe_judges.backends.model_list import end_warning
from unisafe_judges.costs import estimated_tokens, expected_cost, price_of, repeated_tokens
from unisafe_judges.encoding import SharedImages
from unisafe_judges.hosted import hosted_model
from unisafe_judges.images import check_image, encode_for_judge
from unisafe_judges.own_replies import find_reply, reply_key
from unisafe_judges.prices import Price
from unisafe_judges.rubric import Prompt, in_turns
from unisafe_judges.specs import JudgeSpec, ServedSpec
from unisafe_judges.types import VIEWS, output_alone
from unisafe_tasks.data.cases import Case
from unisafe_tasks.judging.classification import Classified, classify
from unisafe_tasks.judging.declining import QUESTION, can_read, question_about
from unisafe_tasks.judging.evidence import OutputImage, image_file, output_parts
from unisafe_tasks.judging.panels import open_store
from unisafe_tasks.outputs.saved import Outputs
from unisafe_tasks.outputs.status import answer_of, may_decline
from unisafe_tasks.runs.notes import budget_in_words
from unisafe_tasks.types import RawOutput, Status

__all__ = ["describe_prompt", "estimate", "estimate_evidence", "evidence_of", "preview"]


def preview(
    items: Iterable[tuple[Case, RawOutput]], panel: Panel, shared: SharedImages, *, sends: bool
) -> list[Classified]:
    """What outputs count as, and their evidence if the panel is asked; nothing is stored.

    Args:
        items: the outputs with their cases.
        panel: who would judge.
        shared: decodes the images, in threads.
        sends: whether a judge will be sent them.
    """
    previews: list[Future[Classified]] = []
    for case, raw in items:
        previews.append(Future())
        shared.run(partial(_preview, case, raw, panel, shared, previews[-1], sends=sends))
    return [each.result() for each in previews]


def _preview(
    case: Case,
    raw: RawOutput,
    panel: Panel,
    shared: SharedImages,
    done: Future[Classified],
    *,
    sends: bool,
) -> None:
    try:
        try:
            images = _images_of(case, raw)
            for part in output_parts(case, images):
                shared.check(part, encodes=sends)
        except ImageError:
            done.set_result(Classified(Status.FAILED))
        else:
            done.set_result(classify(case, raw, images, panel.rubric))
    except BaseException as error:
        done.set_exception(error)


def evidence_of(outputs: Outputs, panel: Panel, shared: SharedImages) -> list[Evidence]:
    """The evidence of all outputs that the panel is asked about, in order."""
    classified = preview(outputs.items, panel, shared, sends=True)
    return [output.evidence for output in classified if output.evidence is not None]


def _images_of(case: Case, raw: RawOutput) -> list[OutputImage]:
    names = raw.images[-case.task.outputs :] if case.task.makes_images else ()
    return [image_file(Path(name)) for name in names]


def estimate(outputs: Outputs, panel: Panel | None) -> list[dict[str, Any]]:
    """What judging takes of each judge, as `estimate_evidence` says it."""
    if panel is None:
        return []
    with closing(SharedImages()) as shared:
        classified = preview(outputs.items, panel, shared, sends=False)
        shown = [output.evidence for output in classified if output.evidence]
        problems = _unreadable(shown, shared)
    texts = _text_questions(outputs, classified) if can_read(panel) else []
    readable = [evidence for evidence in shown if evidence.case not in problems]
    rows = estimate_evidence(panel, readable, texts)
    if problems:
        case, problem = next(iter(problems.items()))
        rows[-1]["notes"].append(
            f"Not counted: {len(problems):,} outputs with an input image that cannot be read, the "
            f"first of {case}: {problem}"
        )
    return rows


def _unreadable(shown: Sequence[Evidence], shared: SharedImages) -> dict[str, str]:
    """The cases with an input image that no judge can be shown, and why."""
    looked: dict[str, Future[str | None]] = {evidence.case: Future() for evidence in shown}
    for evidence in shown:
        shared.run(partial(_look, evidence, shared, looked[evidence.case]))
    found = {case: done.result() for case, done in looked.items()}
    return {case: problem for case, problem in found.items() if problem is not None}


def _look(evidence: Evidence, shared: SharedImages, done: Future[str | None]) -> None:
    try:
        for part in evidence.parts:
            if isinstance(part, ImagePart) and not part.judged:
                shared.check(part, encodes=False)
        done.set_result(None)
    except ImageError as error:
        done.set_result(str(error))
    except BaseException as error:
        done.set_exception(error)


def estimate_evidence(
    panel: Panel, shown: Sequence[Evidence], texts: Sequence[Prompt] = ()
) -> list[dict[str, Any]]:
    """What outputs take of each judge: calls, replies already in the store, tokens and cost.

    Tokens are counted roughly, before any call is made, and a reply is taken to be of
    `TOKENS_PER_REPLY`. `cost` is None where no price is known. `notes` are sentences: where a price
    comes from, when a model ends, what of the prompts a cache could serve, and what the panel's
    budget allows. `texts` are for one
    judge alone, the first that can be asked.
    """
    rows: list[dict[str, Any]] = []
    by_rubric: dict[str, list[Prompt]] = {}
    alone = _prompts(panel.output_only, shown) if panel.output_only else []
    store = open_store(panel)
    for spec in panel.judges:
        if isinstance(spec, LabelsSpec):
            rows.append(
                {"judge": spec.name, "calls": 0, "cached": 0, "tokens": 0, "cost": 0.0, "notes": []}
            )
            continue
        identity, rubric = spec.identity(), panel.rubric_of(spec.name)
        if rubric.sha256 not in by_rubric:
            by_rubric[rubric.sha256] = _prompts(rubric, shown)
        questions = {
            reply_key(identity, prompt, repeat, panel.encoder): prompt
            for prompt in by_rubric[rubric.sha256]
            for repeat in range(panel.repeats_of(spec))
        }
        questions |= {
            reply_key(identity, prompt, repeat, panel.encoder): prompt
            for prompt in alone
            for repeat in range(panel.repeats_of(spec))
        }
        questions |= {reply_key(identity, prompt): prompt for prompt in texts}
        texts = ()
        new_prompts = [
            prompt
            for key, prompt in questions.items()
            if store is None or find_reply(store, spec, key) is None
        ]
        tokens = round(sum(estimated_tokens(prompt) for prompt in new_prompts))
        cost = sum(expected_cost(spec, prompt) for prompt in new_prompts)
        rows.append(
            {
                "judge": spec.name,
                "calls": len(new_prompts),
                "cached": len(questions) - len(new_prompts),
                "tokens": tokens,
                "cost": None if price_of(spec) is None else cost,
                "notes": _notes(spec),
            }
        )
    prompts = by_rubric.get(panel.rubric.sha256)
    if prompts and any(isinstance(spec, ServedSpec) for spec in panel.judges):
        rows[-1]["notes"].append(_what_repeats([*prompts, *alone]))
    if alone:
        rows[-1]["notes"].append(_of_second_view(alone))
    if store is not None:
        store.close()
    if rows and (said := _budget_note(panel, rows)):
        rows[-1]["notes"].append(said)
    return rows


def _budget_note(panel: Panel, rows: Sequence[Mapping[str, Any]]) -> str:
    """What the panel file allows, and whether the estimate is more; empty without a limit."""
    limits = budget_in_words(panel.max_calls, panel.max_cost)
    if not limits:
        return ""
    calls, cost = sum(row["calls"] for row in rows), sum(row["cost"] or 0.0 for row in rows)
    over = []
    if panel.max_calls is not None and calls > panel.max_calls:
        over.append(f"{calls:,} calls")
    if panel.max_cost is not None and cost > panel.max_cost:
        over.append(f"about ${cost:,.4g}")
    if not over:
        return f"The budget of the panel file allows this: {limits}."
    return (
        f"The budget of the panel file is too small: {limits}, and this takes "
        f"{' and '.join(over)}. Judges will stop before the end: set it higher, or "
        "judge less (--limit, --task)."
    )


def _of_second_view(prompts: Sequence[Prompt]) -> str:
    """A sentence about what the second view adds."""
    said = f"Each output is judged in two views ({', '.join(VIEWS)}): twice the calls."
    same = len(prompts) - len({prompt.sha256 for prompt in prompts})
    if same:
        said += (
            f" {same:,} of {len(prompts):,} outputs are the same as another one: in the second "
            "view they are asked about together, once."
        )
    return said


def _prompts(rubric: Rubric, shown: Iterable[Evidence]) -> list[Prompt]:
    """What a judge is sent about outputs; a guard is not asked about what it cannot see."""
    prompts = []
    for evidence in shown:
        try:
            prompts.append(rubric.render(evidence))
        except CallFailure as failure:
            if failure.kind is not FailureKind.UNSUPPORTED:
                raise
    return prompts


def _text_questions(outputs: Outputs, classified: Sequence[Classified]) -> list[Prompt]:
    """The prompts about texts that may decline, of tasks in which there is an image."""
    items = [
        (case, raw, output)
        for (case, raw), output in zip(outputs.items, classified, strict=True)
        if case.task.makes_images
    ]
    drawn = {case.task for case, _, output in items if output.output_sha256}
    return [
        QUESTION.render(
            question_about(case, answer_of(raw.text, template_opened=raw.template_opened))
        )
        for case, raw, output in items
        if case.task in drawn and output.status is Status.NO_IMAGE and may_decline(raw)
    ]


def _notes(spec: JudgeSpec) -> list[str]:
    if not isinstance(spec, ServedSpec):
        return []
    return list(filter(None, (_source_of_price(spec, price_of(spec)), end_warning(spec))))


def _what_repeats(prompts: Sequence[Prompt]) -> str:
    """A sentence about what of the prompts a server's cache could hold."""
    tokens = sum(estimated_tokens(prompt) for prompt in prompts)
    repeated = repeated_tokens(prompts)
    share = repeated / max(tokens, 1)
    return (
        f"About {share:.0%} of the prompts' tokens ({repeated / len(prompts):,.0f} a "
        "call) repeat the beginning of another prompt: a server's cache of prefixes can hold at "
        "most these. The cost is told without a cache."
    )


def _source_of_price(spec: ServedSpec, price: Price | None) -> str:
    """A sentence where the price is none of the panel file's, or has a date there."""
    if price is None:
        return (
            f"{spec.who}: no price is known: set price in the panel file, or UNISAFE_PRICES, to "
            "see a cost"
        )
    told = f"{spec.who}: ${price.input:g} and ${price.output:g} per million tokens of input and "
    if spec.price is not None:
        return "" if price.date is None else f"{told}output, read on {price.date}"
    known = hosted_model(spec.base_url, spec.model)
    assert known is not None
    return (
        f"{told}output, as {known.source} had it on {known.read}: set price in the panel file, or "
        "UNISAFE_PRICES, if it has changed"
    )


def describe_prompt(case: Case, raw: RawOutput, panel: Panel) -> str:
    """All that a judge is sent for an output, or a sentence that says why no judge sees it.

    Guards have a prompt each, and so has each view of a panel.
    """
    with closing(SharedImages()) as shared:
        (classified,) = preview([(case, raw)], panel, shared, sends=False)
    evidence, lines = classified.evidence, list[str]()
    rubrics: dict[str, Rubric] = {guard.sha256: guard for guard in panel.guards.values()}
    rubrics = rubrics or {panel.rubric.sha256: panel.rubric}
    said = f"{case.key}: the output's status is {classified.status}"
    may_be_asked = classified.status is Status.NO_IMAGE and may_decline(raw) and can_read(panel)
    if evidence is None and may_be_asked:
        answer = answer_of(raw.text, template_opened=raw.template_opened)
        evidence, rubrics = question_about(case, answer), {QUESTION.sha256: QUESTION}
        lines = [f"{said}; if the model draws in this task, one judge is asked if it declines."]
    if evidence is None:
        return f"{said}, so no judge is asked."
    for rubric in rubrics.values():
        lines += _described(case, evidence, rubric, panel.max_side)
    if classified.evidence is not None and panel.output_only is not None:
        shown = output_alone(classified.evidence)
        lines += ["", *_described(case, shown, panel.output_only, panel.max_side)]
    return "\n".join(lines)


def _described(case: Case, evidence: Evidence, rubric: Rubric, max_side: int | None) -> list[str]:
    lines = [
        f"case {case.key}, rubric {rubric.name} ({rubric.sha256[:12]})",
        f"output_sha256 {evidence.output_sha256}",
    ]
    try:
        prompt = rubric.render(evidence)
    except CallFailure as failure:
        return [*lines, f"--- not asked: {failure} ---"]
    if prompt.instructions:
        lines += ["--- system ---", prompt.instructions]
    for role, items in in_turns(prompt):
        lines.append(f"--- {role} ---")
        for item in items:
            if isinstance(item, str):
                lines.append(item)
            else:
                data = item.read()
                facts = check_image(data)
                sent = len(encode_for_judge(data, max_side))
                lines.append(
                    f"[image: {facts.width} x {facts.height} {facts.format}, sha256 {item.sha256}, "
                    f"sent as {sent:,} bytes of JPEG]"
                )
    return lines
