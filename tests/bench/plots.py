"""The plots of the record, as SVG: the same figures give the same bytes."""

import os

from contest import BUDGET, HERE

FOLDER = os.path.join(HERE, "plots")
OURS, THEIRS, AIM, THIRD = "#2166ac", "#b2182b", "#404040", "#92c5de"


def _pyplot():
    try:
        import matplotlib  # pylint: disable=import-outside-toplevel
    except ImportError:
        raise SystemExit("run: the plots want python3-matplotlib, which "
                         "mount-helpers/install-packages bench installs") from None
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.hashsalt": "cbzfs", "svg.fonttype": "none", "font.size": 8, "axes.grid": True,
        "font.family": "DejaVu Sans", "axes.axisbelow": True, "grid.color": "#e0e0e0",
        "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    return pyplot


def _save(pyplot, figure, name):
    os.makedirs(FOLDER, exist_ok=True)
    from matplotlib import ticker  # pylint: disable=import-outside-toplevel
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(ticker.NullFormatter())
    figure.tight_layout()
    figure.savefig(os.path.join(FOLDER, name), metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _bars(pyplot, rows):
    """Times as fast, of the rows that have an aim; memory has a plot of its own."""
    shown = {name: row for name, row in rows.items()
             if row.get("aim", {}).get("kind") == "faster"}
    if not shown:
        return None
    figure, axes = pyplot.subplots(figsize=(7, 0.5 + 0.2 * len(shown)))
    names = list(shown)[::-1]
    axes.barh(names, [shown[name]["ratio"] for name in names], height=0.65, label="reached",
              color=[OURS if shown[name]["met"] else THEIRS for name in names])
    aims = [shown[name]["aim"]["value"] for name in names]
    axes.plot(aims, names, "|", color=AIM, markersize=9, markeredgewidth=2, label="aim")
    axes.set_xscale("log")
    axes.axvline(1, color=AIM, linewidth=0.8)
    axes.set_xlabel("times as fast as what stands beside it (red: short of the aim, the mark)")
    axes.margins(y=0.01)
    _save(pyplot, figure, "times.svg")
    return "times.svg", "How many times as fast as the others"


def _opening(pyplot, series):
    points = series.get("opening", {}).get("points")
    if not points:
        return None
    figure, axes = pyplot.subplots(figsize=(4.5, 2.8))
    pages, *curves = zip(*points)
    for values, words, color in zip(curves, ("cbzfs, seen before", "cbzfs, never seen",
                                             "passthrough, real CBZ"), (OURS, THIRD, THEIRS)):
        axes.loglog(pages, [value * 1000 for value in values], "o-", color=color, label=words,
                    markersize=3)
    axes.set_xlabel("pages of a scanned book")
    axes.set_ylabel("opening it, ms")
    axes.legend(frameon=False)
    _save(pyplot, figure, "opening.svg")
    return "opening.svg", "What opening a book costs as it grows"


def _flips(pyplot, series):
    runs = {name.partition(".")[2]: value["seconds"] for name, value in series.items()
            if name.startswith("flips.")}
    if not runs:
        return None
    figure, axes = pyplot.subplots(figsize=(4.5, 2.8))
    for (name, seconds), color in zip(runs.items(), (OURS, THEIRS)):
        axes.semilogy(range(1, len(seconds) + 1), [value * 1000 for value in seconds], "o-",
                      color=color, label=name, markersize=3)
    axes.set_xticks(range(1, max(map(len, runs.values())) + 1))
    axes.set_xlabel("page, one a second")
    axes.set_ylabel("waited for it, ms")
    axes.legend(frameon=False)
    _save(pyplot, figure, "flips.svg")
    return "flips.svg", "A reader who turns a page a second"


def _memory(pyplot, rows):
    shown = {name: row for name, row in rows.items()
             if name.startswith("memory.") and "theirs" in row}
    if not shown:
        return None
    figure, axes = pyplot.subplots(figsize=(7, 0.6 + 0.28 * len(shown)))
    names = list(shown)[::-1]
    places = range(len(names))
    axes.barh([at + 0.2 for at in places], [shown[name]["ours"] for name in names], height=0.35,
              color=OURS, label="cbzfs, all processes")
    axes.barh([at - 0.2 for at in places], [shown[name]["theirs"] for name in names], height=0.35,
              color=THEIRS, label="beside it")
    axes.set_yticks(list(places), [f"{name[7:]} / {shown[name]['than']}" for name in names])
    axes.axvline(BUDGET, color=AIM, linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlabel("peak memory, MiB (dashed: the budget of cbzfs)")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.3, -0.08), ncol=2)
    axes.margins(y=0.01)
    _save(pyplot, figure, "memory.svg")
    return "memory.svg", "Peak memory"


def _instructions(pyplot, history):
    runs = [run for run in history if any(name.startswith("instructions.") for name in run["rows"])]
    if not runs:
        return None
    figure, axes = pyplot.subplots(figsize=(7, 3.2))
    names = [name for name in runs[-1]["rows"] if name.startswith("instructions.")]
    for number, name in enumerate(names):
        known = [(at, run["rows"][name]["ours"]) for at, run in enumerate(runs)
                 if name in run["rows"]]
        axes.semilogy(*zip(*known), marker="osv^Dx+*<>p"[number % 11], markersize=4, linewidth=1,
                      label=name.partition(".")[2])
    axes.set_xticks(range(len(runs)), [run["commit"][:7] for run in runs], rotation=45)
    axes.set_ylabel("million instructions a page")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    _save(pyplot, figure, "instructions.svg")
    return "instructions.svg", "Instructions per page over commits"


def draw(history):
    """[(file, words)] of the plots that the last run has figures for."""
    pyplot = _pyplot()
    last = history[-1]
    made = (_bars(pyplot, last["rows"]), _opening(pyplot, last.get("series", {})),
            _flips(pyplot, last.get("series", {})), _memory(pyplot, last["rows"]),
            _instructions(pyplot, history))
    return [plot for plot in made if plot]
