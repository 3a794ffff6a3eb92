"""Measuring against ground truth, reports of evaluations, and figures."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

_TRUTH = "View/Ground truth"

MEASURE: tuple[ActionSpec, ...] = (
    action("truth_show", "&Show the ground truth", _TRUTH, "Shift+G",
           "Draw the true box on the picture, beside the tracker's.", checkable=True),
    action("truth_load", "&Load a file…", _TRUTH, "",
           "Read true boxes from a benchmark's file or from annotations; they are only compared "
           "with.", section=1),
    action("truth_folder", "Load a fol&der…", _TRUTH, "",
           "Read true boxes from a benchmark's folder.", section=1),
    action("truth_forget", "F&orget it", _TRUTH, "",
           "Work without ground truth.", section=1),
    action("open_report", "Open an e&valuation…", "File", "",
           "Show plots and failures of a report that boxtrail evaluate wrote.",
           icon="evaluate", needs="always", section=3),
    action("save_report", "Save a &report…", "File", "",
           "Write numbers, plots and failures of what is compared as a web page or a PDF.",
           icon="export", section=3),
    action("figure", "Export fig&ure…", "File", "Ctrl+Shift+F",
           "Draw frames, maps and curves for print: SVG, PDF or PNG; or an overlay video.",
           icon="export", section=3),
)  # fmt: skip
