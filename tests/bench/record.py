"""The record of speed: history.json, to which a run is added, and RESULTS.md, made of it.

history.json is a list of runs, the first of which holds the closing figures from before there was a
record. notes.toml says, for a row that falls short of its aim, why, and under "ways" what was tried
and did it pay. RESULTS.md is never edited.
"""

import json
import os
import tomllib

from contest import HERE, format_aim, format_ratio, format_value

HISTORY = os.path.join(HERE, "history.json")
RESULTS = os.path.join(HERE, "RESULTS.md")
NOTES = os.path.join(HERE, "notes.toml")

_HEAD = """# How fast cbzfs is

Written by `tests/bench/run --record`; what is edited here is lost. Each figure is the median of at
least {repeats} runs, the contestants taking turns, with the least and the most of them in brackets.
*Ratio*: how many times as fast as what stands beside it cbzfs is, or its cost as a multiple of the
other's. *First*: the same when it was measured for the first time.
"""


def _short(number):
    return float(f"{number:.4g}")


def _compact(row):
    row = dict(row)
    for key in ("samples", "their_samples"):
        if key in row:
            row[key] = [_short(value) for value in row[key]]
    for key in ("ours", "theirs", "ratio"):
        if key in row:
            row[key] = _short(row[key])
    return row


def load():
    with open(HISTORY, encoding="utf-8") as file:
        return json.load(file)


def save(history):
    """One row a line, so that a run added is a readable change."""
    with open(HISTORY + ".new", "w", encoding="utf-8") as out:
        out.write("[\n")
        for number, run in enumerate(history):
            out.write(" {\n")
            fields = [f'  {json.dumps(key)}: {json.dumps(run[key])}' for key in run
                      if key not in ("rows", "series")]
            for key in ("rows", "series"):
                lines = ",\n".join(f"   {json.dumps(name)}: {json.dumps(value)}"
                                   for name, value in run.get(key, {}).items())
                fields.append(f'  "{key}": {{\n{lines}\n  }}')
            end = "," if number + 1 < len(history) else ""
            out.write(",\n".join(fields) + "\n }" + end + "\n")
        out.write("]\n")
    os.replace(HISTORY + ".new", HISTORY)


def refuse_part(history, run):
    """ValueError where a part of a run has no run to be put into."""
    for key in ("commit", "machine", "versions"):
        if history[-1].get(key) != run[key]:
            raise ValueError(f"the last run in {HISTORY} is of another {key}: record a whole run "
                             "first")


def add(history, run, whole):
    """Adds a run. A part of a run takes the place of the same rows of the last one, if that was of
    the same commit and machine; otherwise there is nothing to put it into."""
    run = dict(run, rows={name: _compact(row) for name, row in run["rows"].items()})
    if whole:
        history.append(run)
        return
    refuse_part(history, run)
    last = history[-1]
    parts = {row["part"] for row in run["rows"].values()}
    kept = {name: row for name, row in last["rows"].items() if row["part"] not in parts}
    last["rows"] = {**kept, **run["rows"]}
    last["series"] = {**last.get("series", {}), **run["series"]}
    last["left_out"] = {**last.get("left_out", {}), **run["left_out"]}


def first_of(history, name):
    """The first run that knows a row, as what stands in the column."""
    for run in history:
        row = run["rows"].get(name)
        if row:
            if "ratio" in row:
                return format_ratio(row)
            return format_value(row["ours"], row["unit"])
    return ""


def _spread(samples, unit):
    if len(samples) < 2 or min(samples) == max(samples):
        return ""
    least, most = format_value(min(samples), unit), format_value(max(samples), unit)
    number, _, same = least.partition(" ")
    return f" ({number if most.endswith(' ' + same) else least}–{most})"


def _line(history, name, row):
    ours = format_value(row["ours"], row["unit"]) + _spread(row["samples"], row["unit"])
    beside = times = ""
    if "ratio" in row:
        beside = (format_value(row["theirs"], row["unit"]) +
                  _spread(row["their_samples"], row["unit"]) + ": " + row["than"])
        times = format_ratio(row)
    aim = verdict = ""
    if "aim" in row:
        aim = format_aim(row["aim"], row["unit"])
        verdict = "met" if row["met"] else f"[**not met**](#{name.replace('.', '')})"
    return (f"| `{name}` | {row['what']} | {ours} | {beside} | {times} "
            f"| {first_of(history, name)} | {aim} | {verdict} |")


def notes():
    if not os.path.exists(NOTES):
        return {}
    with open(NOTES, "rb") as file:
        return tomllib.load(file)


def unexplained(run):
    """Rows short of their aim of which notes.toml does not say why."""
    known = notes()
    return [name for name, row in run["rows"].items() if row.get("met") is False
            and not _note(known, name)]


def _note(known, name):
    """A row's own note, or that of the longest beginning of its name which has one."""
    words = name.split(".")
    for end in range(len(words), 0, -1):
        found = known.get(".".join(words[:end]))
        if isinstance(found, str):
            return found.strip()
    return None


def _explanations(run):
    known = notes()
    short = [name for name, row in run["rows"].items() if row.get("met") is False]
    if not short:
        return []
    out = ["", "## Rows short of their aim", ""]
    said = {}  # {note: the row under which it stands}
    for name in short:
        row = run["rows"][name]
        note = _note(known, name)
        if note and note in said:
            note = f"As `{said[note]}`."
        elif note:
            said[note] = name
        by_ratio = row["aim"]["kind"] != "at_most"
        reached = format_ratio(row) if by_ratio else format_value(row["ours"], row["unit"])
        out += [f"### {name}", "", f"{row['what']}: {reached}, "
                f"wanted {format_aim(row['aim'], row['unit'])}.", "",
                note or f"Not explained yet: `{os.path.basename(NOTES)}` has no "
                f"`\"{name}\"`.", ""]
    return out


def write(history, part_titles, plots):
    """RESULTS.md of the last run. `plots`: [(file, words)]."""
    run = history[-1]
    machine, rows = run["machine"], run["rows"]
    judged = [row["met"] for row in rows.values() if "met" in row]
    out = [_HEAD.format(repeats=run["repeats"])]
    if "label" in history[0]:
        out[0] += f"The oldest of these are of {history[0]['date']}: {history[0]['label']}.\n"
    out += [f"{run['date']}, commit {run['commit']}, on {machine['cores']} cores of "
            f"{machine['processor']}, {machine['memory']}, Linux {machine['kernel']}; load before "
            f"{run['load']:.2f}.", "",
            "Versions: " + ", ".join(f"{name} {version}" for name, version in
                                     run["versions"].items()) + ".", "",
            f"**{sum(judged)} of {len(judged)} aims met.**", ""]
    if run["load"] > 0.7:
        out += ["The machine was busy with other things: these figures are off.", ""]
    out += [f"![{words}](plots/{file})" for file, words in plots]
    for part, title in part_titles.items():
        lines = [_line(history, name, row) for name, row in rows.items() if row["part"] == part]
        if lines:
            out += ["", f"## {title}", "",
                    "| row | what | cbzfs | beside it | ratio | first | aim | |",
                    "|---|---|---|---|---|---|---|---|", *lines]
    out += _explanations(run)
    ways = notes().get("ways")
    if ways:
        out += ["", "## Ways that were tried", "", ways.strip()]
    if run.get("left_out"):
        out += ["", "## Not measured", ""]
        out += [f"- {what}: {why}" for what, why in run["left_out"].items()]
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write("\n".join(out).rstrip() + "\n")
