"""What `unisafe gate` writes for a CI: JUnit XML, and a short summary in Markdown.

Names come from run folders, which anybody may have written. Each format escapes them in its way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from xml.etree import ElementTree

from unisafe_tasks.redaction import in_markdown, in_one_line
from unisafe_tasks.results.gate import Gate, Outcome

__all__ = ["junit_xml", "markdown_summary"]

_ELEMENTS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAILED: "failure", Outcome.UNDECIDED: "error"}
)
"""JUnit's word for an outcome. A skipped test would look like a passed one in most CIs."""

_SIGNS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAILED: "❌", Outcome.UNDECIDED: "⚠️", Outcome.PASSED: "✅"}
)
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


def junit_xml(gate: Gate, now: datetime) -> bytes:
    """The checks as a JUnit file: one test case for each. A failed limit is a failure in it, and an
    undecided one an error.

    The form is Apache Ant's, which the schemas of CI systems have in common.
    """
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        name=_xml(f"unisafe gate {gate.model}"),
        package="unisafe",
        id="0",
        timestamp=now.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        tests=str(len(gate.checks)),
        failures=str(gate.count(Outcome.FAILED)),
        errors=str(gate.count(Outcome.UNDECIDED)),
        skipped="0",
        time="0",
    )
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"model": gate.model, "run": gate.run, "baseline": gate.baseline, "basis": gate.basis}
    for name, value in facts.items():
        if value is not None:
            ElementTree.SubElement(properties, "property", name=name, value=_xml(value))
    for check in gate.checks:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"unisafe.{check.task}",
            name=_xml(check.limit.describe()),
            time="0",
        )
        if element := _ELEMENTS.get(check.outcome):
            message = _xml(f"{check.score}: {check.reason}")
            ElementTree.SubElement(case, element, type=str(check.outcome), message=message)
    said = [
        gate.describe(),
        *(f"{check.outcome} {check.describe()}" for check in gate.checks),
        *gate.notes,
    ]
    ElementTree.SubElement(suite, "system-out").text = "\n".join(map(_xml, said))
    ElementTree.SubElement(suite, "system-err").text = ""
    ElementTree.indent(suites)
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def markdown_summary(gate: Gate) -> str:
    """The checks as a table for a CI's summary page, those that did not pass first."""
    order = list(Outcome)
    lines = [
        f"### UniSAFE gate {_SIGNS[gate.outcome]} {in_markdown(gate.describe())}",
        "",
        "| | task | limit | score | |",
        "|---|---|---|---:|---|",
    ]
    for check in sorted(gate.checks, key=lambda check: order.index(check.outcome)):
        cells = (check.task, check.limit.describe(), check.score, check.reason)
        outcome = f"{_SIGNS[check.outcome]} {check.outcome}"
        lines.append(f"| {outcome} | {' | '.join(map(in_markdown, cells))} |")
    beside = f" Increases are over {gate.baseline}." if gate.baseline else ""
    said = (f"Run {gate.run}: {gate.basis}.{beside}", *gate.notes)
    return "\n".join([*lines, "", *(f"- {in_markdown(note)}" for note in said), ""]) + "\n"


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", in_one_line(text))
