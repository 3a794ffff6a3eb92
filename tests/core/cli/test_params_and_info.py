from __future__ import annotations

import json

import pytest

from core.cli import main


def test_that_every_parameter_is_listed_with_default_limits_and_meaning(capsys):
    assert main(["params", "template-match"]) == 0
    text = capsys.readouterr().out
    assert "radius = 12" in text
    assert "1 … 200" in text
    assert "ccoeff, ccorr" in text
    assert "How far the target may move per frame." in text
    assert "(live)" in text.split("learning_rate", 1)[1].splitlines()[0]


def test_that_all_trackers_are_listed_without_a_name(capsys):
    assert main(["params"]) == 0
    text = capsys.readouterr().out
    assert "template-match" in text
    assert "ccr" in text


def test_that_the_json_has_what_programs_need(capsys):
    assert main(["params", "template-match", "--json"]) == 0
    tracker = json.loads(capsys.readouterr().out)["template-match"]
    radius = tracker["params"][0]
    assert (radius["name"], radius["type"], radius["default"]) == ("radius", "int", 12)
    assert radius["bounds"] == [1, 200]
    assert {m["key"] for m in tracker["maps"]} == {"response", "template"}


def test_that_tables_in_the_docs_are_replaced_between_their_marks(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n<!-- params:template-match -->\nold\n<!-- /params -->\n\n"
        "<!-- params:other -->\nkept\n<!-- /params -->\n"
    )
    assert main(["params", "--write", str(page)]) == 0
    text = page.read_text()
    assert "old" not in text
    assert "| `radius` | 12 px | 1 … 200 |" in text
    assert "<!-- params:other -->\nkept\n<!-- /params -->" in text
    assert main(["params", "template-match", "--write", str(page)]) == 0
    assert page.read_text() == text


def test_that_a_page_without_marks_is_an_error_and_stays(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("# A\n")
    assert main(["params", "template-match", "--write", str(page)]) == 2
    assert "<!-- params:template-match -->" in capsys.readouterr().err
    assert page.read_text() == "# A\n"
    assert main(["params", "--write", str(tmp_path / "none.md")]) == 2


def test_that_an_unknown_tracker_is_answered_with_the_nearest(capsys):
    assert main(["params", "template-mtch"]) == 2
    assert "template-match" in capsys.readouterr().err


def test_that_the_facts_of_a_clip_are_told(shots, capsys):
    assert main(["info", str(shots), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["frames"] == 15
    assert facts["size"] == "160 × 120"
    assert facts["access"].startswith("exact")
    assert facts["damaged frames"] == []
    assert main(["info", str(shots)]) == 0
    assert "frames:               15" in capsys.readouterr().out


@pytest.fixture
def project(tmp_path, shots, box):
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, "--tracker", "template-match", "--label", "car"]
    assert main([*command, "--quiet", "--out", str(out)]) == 0
    return out


def test_that_the_facts_of_a_project_are_told(project, shots, capsys):
    assert main(["info", str(project), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    (track,) = facts["tracks"]
    assert track["by source"] == {"manual": 1, "tracked": 14}
    assert track["protected"] == 1
    assert track["frames"] == [0, 14]
    assert facts["runs"][0]["tracker"] == "template-match"
    assert facts["runs"][0]["frames"] == [0, 14]
    assert facts["video found"] is True
    assert facts["video"]["frames"] == 15
    assert "warning" not in facts
    assert main(["info", str(project)]) == 0
    assert "by source:" in capsys.readouterr().out


def test_that_a_missing_or_changed_video_is_told(project, shots, capsys):
    (shots / "0015.png").unlink()
    assert main(["info", str(project)]) == 0
    assert "14 frames instead of 15" in capsys.readouterr().out
    shots.rename(shots.with_name("gone"))
    assert main(["info", str(project), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["video found"] is False
    assert "not where it was" in facts["warning"]


def test_that_a_broken_project_is_a_plain_error(tmp_path, capsys):
    bad = tmp_path / "bad.boxtrail"
    bad.write_text("{}")
    assert main(["info", str(bad)]) == 2
    assert "not a Boxtrail project" in capsys.readouterr().err
