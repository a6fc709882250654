#!/usr/bin/python3
"""The record of speed: verdicts follow from figures, a run added changes what it should."""

import contextlib
import io
import json
import os
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import contest  # noqa: E402
import record  # noqa: E402
from contest import at_most, faster, within  # noqa: E402


def measured(rows, commit="c0ffee"):
    """A run with `rows`: {name: arguments of Bench.row after the name}."""
    bench = contest.Bench(types.SimpleNamespace(quick=False), "")
    bench.part = "part"
    with contextlib.redirect_stdout(io.StringIO()):
        for name, (arguments, options) in rows.items():
            bench.row(name, *arguments, **options)
    return {"date": "2026-01-01", "commit": commit, "machine": {
                "processor": "P", "cores": 2, "memory": "1 GiB", "kernel": "6"},
            "versions": {"cbzfs": "1"}, "load": 0.1, "repeats": 5, "left_out": {},
            "rows": bench.rows, "series": {}}


def row(what, ours, theirs=None, **options):
    return (what, ours, theirs, "them"), options


class VerdictTest(unittest.TestCase):

    def verdict(self, *arguments, **options):
        return measured({"r": row(*arguments, **options)})["rows"]["r"]

    def test_times_are_how_much_sooner(self):
        line = self.verdict("w", [1.0, 2.0, 9.0], [5.0, 6.0, 4.0], aim=faster(2.5))
        self.assertEqual(line["ratio"], 2.5)
        self.assertTrue(line["met"])
        self.assertFalse(self.verdict("w", [2.0], [4.9], aim=faster(2.5))["met"])

    def test_of_a_rate_more_is_faster(self):
        options = {"aim": faster(0.95), "unit": "MB/s", "rate": True}
        self.assertTrue(self.verdict("w", [96.0], [100.0], **options)["met"])
        self.assertFalse(self.verdict("w", [100.0], [110.0], **options)["met"])

    def test_costs_are_multiples_of_theirs(self):
        line = self.verdict("w", [3.0], [2.0], aim=within(1.5))
        self.assertEqual((line["ratio"], line["met"]), (1.5, True))
        self.assertFalse(self.verdict("w", [3.1], [2.0], aim=within(1.5))["met"])

    def test_slack_is_for_what_is_the_same(self):
        self.assertTrue(self.verdict("w", [1.04], [1.0], aim=faster(1, slack=0.05))["met"])
        self.assertFalse(self.verdict("w", [1.06], [1.0], aim=faster(1, slack=0.05))["met"])
        self.assertTrue(self.verdict("w", [1.04], [1.0], aim=within(1, slack=0.05))["met"])
        self.assertFalse(self.verdict("w", [1.06], [1.0], aim=within(1, slack=0.05))["met"])

    def test_a_figure_alone(self):
        self.assertTrue(self.verdict("w", [0.001], aim=at_most(0.001))["met"])
        self.assertFalse(self.verdict("w", [0.0011], aim=at_most(0.001))["met"])
        self.assertNotIn("met", self.verdict("w", [1.0], [2.0]))


class RecordTest(unittest.TestCase):

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for name in ("HISTORY", "RESULTS", "NOTES"):
            path = os.path.join(folder, os.path.basename(getattr(record, name)))
            self.enterContext(mock.patch.object(record, name, path))

    def results(self, history):
        record.write(history, {"part": "Title"}, [("a.svg", "words")])
        with open(record.RESULTS, encoding="utf-8") as file:
            return file.read()

    def test_history_reads_back_as_it_was_written(self):
        history = [measured({"a.b": row("w", [1.0, 2.0], [3.0], aim=faster(2))}), measured({})]
        record.save(history)
        self.assertEqual(record.load(), json.loads(json.dumps(history)))

    def test_first_is_the_oldest_run_that_knows_the_row(self):
        history = [measured({}), measured({"a": row("w", [1.0], [4.0])})]
        record.add(history, measured({"a": row("w", [1.0], [8.0]), "b": row("w", [3.0])}), True)
        self.assertEqual(record.first_of(history, "a"), "4 x")
        self.assertEqual(record.first_of(history, "b"), "3 s")
        self.assertIn("| `a` | w | 1 s | 8 s: them | 8 x | 4 x |  |  |", self.results(history))

    def test_rows_short_of_their_aim_are_explained_by_the_nearest_note(self):
        with open(record.NOTES, "w", encoding="utf-8") as out:
            out.write('"a" = "Because."\n"a.b" = "Nearer."\n')
        run = measured({name: row("w", [1.0], [1.5], aim=faster(2))
                        for name in ("a.b.c", "a.x", "a.y", "z")})
        self.assertEqual(record.unexplained(run), ["z"])
        text = self.results([run])
        self.assertIn("### a.b.c\n\nw: 1.5 x, wanted >= 2 x.\n\nNearer.", text)
        self.assertIn("### a.x\n\nw: 1.5 x, wanted >= 2 x.\n\nBecause.", text)
        self.assertIn("### a.y\n\nw: 1.5 x, wanted >= 2 x.\n\nAs `a.x`.", text)
        self.assertIn("### z\n\nw: 1.5 x, wanted >= 2 x.\n\nNot explained yet", text)
        self.assertIn("**0 of 4 aims met.**", text)

    def test_a_part_takes_the_place_of_its_rows_in_a_run_of_the_same_commit(self):
        history = [measured({"a": row("w", [1.0]), "gone": row("w", [1.0])})]
        history[0]["rows"]["other"] = dict(history[0]["rows"]["a"], part="another")
        record.add(history, measured({"a": row("w", [2.0])}), False)
        self.assertEqual(len(history), 1)
        self.assertEqual({name: line["ours"] for name, line in history[0]["rows"].items()},
                         {"other": 1.0, "a": 2.0})
        with self.assertRaisesRegex(ValueError, "another commit"):
            record.add(history, measured({}, commit="bad"), False)

    def test_what_was_left_out_is_said(self):
        run = measured({})
        run["left_out"] = {"a page from Redis": "no such option"}
        self.assertIn("## Not measured\n\n- a page from Redis: no such option", self.results([run]))

    def test_ways_that_were_tried_are_told(self):
        self.assertNotIn("## Ways", self.results([measured({})]))
        with open(record.NOTES, "w", encoding="utf-8") as out:
            out.write('ways = "It did not pay."\n')
        self.assertTrue(self.results([measured({})]).endswith(
            "## Ways that were tried\n\nIt did not pay.\n"))

    def test_the_kept_history_and_notes_can_be_read(self):
        kept = os.path.join(contest.HERE, "history.json")
        with open(kept, encoding="utf-8") as file:
            history = json.load(file)
        self.assertTrue(history and all(run["rows"] for run in history))
        with mock.patch.object(record, "NOTES", os.path.join(contest.HERE, "notes.toml")):
            self.assertTrue(all(isinstance(note, str) for note in record.notes().values()))


if __name__ == "__main__":
    unittest.main()
