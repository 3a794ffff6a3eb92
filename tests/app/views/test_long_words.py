"""A name without a blank widens no panel and is read whole."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from app.views.attribute_panel import AttributePanel, rows_of
from app.views.long_words import breakable
from app.views.toast import Toast
from core.document.schema import Attribute, AttributeKind

LONG = "Fußgängerüberwegsbeschilderung_hinter_der_Straßenbahnhaltestelle-20260301.h5"


def test_that_only_long_words_get_places_to_break() -> None:
    short = "Recorded 51 frames: clip-20260301.h5 (173 kB)."
    assert breakable(short) == short
    broken = breakable(f"Recorded {LONG} (173 kB).")
    assert broken.replace("\u200b", "") == f"Recorded {LONG} (173 kB)."
    assert max(map(len, broken.replace("\u200b", " ").split())) <= 13


def test_that_a_long_label_does_not_widen_the_attributes(qtbot) -> None:
    panel = AttributePanel()
    qtbot.addWidget(panel)
    panel.show_object(LONG, LONG, ())
    assert panel.minimumSizeHint().width() <= 200
    schema = (
        Attribute(LONG[:30], AttributeKind.CHOICE, choices=(LONG[:60], "b"), per_frame=True),
        Attribute("speed", AttributeKind.NUMBER, low=0, high=1e6),
    )
    panel.show_object(LONG, LONG, rows_of(schema, {LONG[:30]: "b", "speed": 3.0}, {}))
    assert panel.minimumSizeHint().width() <= 200


def test_that_a_long_name_is_not_cut_in_a_message(qtbot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(600, 400)
    toast = Toast(around)
    around.show()
    toast.show_message(f"Recorded 51 frames: {LONG} (173 kB).")
    (card,) = toast.cards()
    for label in card.findChildren(QLabel):
        if label.text():
            assert label.minimumSizeHint().width() <= label.width() + 1
