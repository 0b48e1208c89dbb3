"""A plan for a file, written out for a terminal or as data."""

import json

from virtualschool.register.rows import Line, Outcome, Report

HEADINGS = {
    Outcome.REJECTED: "Left out",
    Outcome.ASK: "Please decide: nothing is done with these lines until someone answers",
    Outcome.NEW: "New",
    Outcome.CHANGED: "Changed",
}


def as_text(report: Report, *, done: bool) -> str:
    """The plan for people to read; ``done`` says whether it has been carried out."""
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in Outcome)
    text = [report.title, "Done." if done else "Nothing has been changed: this was a dry run.", f"Lines: {counts}."]
    text += report.notes
    for outcome, heading in HEADINGS.items():
        if lines := report.of(outcome):
            text += ["", f"{heading} ({len(lines)})", *(sentence for line in lines for sentence in _sentences(line))]
    going_ahead = report.of(Outcome.NEW) + report.of(Outcome.CHANGED) + report.of(Outcome.SAME)
    if asked := [line for line in going_ahead if line.asks or line.warnings]:
        text += ["", f"To look at ({len(asked)})"]
        text += [f"  line {line.number}  {line.who}: {remark}" for line in asked for remark in line.asks + line.warnings]
    if report.missing:
        text += ["", f"In the register and not in the file; nothing is done about them ({len(report.missing)})"]
        text += [f"  {name}" for name in report.missing]
    return "\n".join(text)


def _sentences(line: Line) -> list[str]:
    text = [f"  line {line.number}  {line.who}".rstrip() + (f": {line.reason}" if line.reason else "")]
    text += [f"      {answer} = {meaning}" for answer, meaning in line.answers.items()]
    return text + [f"      {change}" for change in line.changes]


def as_json(report: Report, *, done: bool) -> str:
    """The plan as JSON, for programs."""
    return json.dumps(
        {
            "title": report.title,
            "on": report.on.isoformat(),
            "done": done,
            "digest": report.digest(),
            "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
            "notes": report.notes,
            "missing": report.missing,
            "lines": [
                {
                    "line": line.number,
                    "who": line.who,
                    "outcome": line.outcome.value,
                    "reason": line.reason,
                    "answers": line.answers,
                    "changes": line.changes,
                    "asks": line.asks,
                    "warnings": line.warnings,
                }
                for line in sorted(report.lines, key=lambda line: line.number)
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
