"""The theme: readable in both schemes, icons follow, nothing is left in the old colours."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
)

from app import theme

TEXTS = ("text", "muted", "accent_text", "ok", "uncertain", "lost", "info")
SURFACES = ("window", "panel", "raised", "field")
REQUIRED = [
    "open",
    "save",
    "undo",
    "redo",
    "draw",
    "select",
    "play",
    "pause",
    "first",
    "last",
    "step-back",
    "step-forward",
    "back10",
    "forward10",
    "track-forward",
    "track-backward",
    "track-one",
    "track-n",
    "stop",
    "fit",
    "actual-size",
    "zoom-in",
    "zoom-out",
    "map",
    "export",
    "settings",
    "theme",
    "eye",
    "eye-off",
    "lock",
    "unlock",
    "delete",
    "add",
    "help",
    "warning",
    "info",
    "error",
    "keyboard",
]


@pytest.fixture
def app(qapp: QApplication):
    yield qapp
    qapp.setStyleSheet("")


def mean_color(icon: QIcon, mode=QIcon.Mode.Normal, state=QIcon.State.Off) -> QColor:
    """Colour of the opaque part of an icon."""
    image = icon.pixmap(QSize(32, 32), mode, state).toImage()
    opaque = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 250
    ]
    assert opaque
    return opaque[len(opaque) // 2]


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_that_text_is_readable_on_every_surface(tokens, surface, text):
    assert theme.contrast(getattr(tokens, text), getattr(tokens, surface)) >= 4.5


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_that_text_is_readable_on_accent_and_selection(tokens):
    assert theme.contrast(tokens.on_accent, tokens.accent) >= 4.5
    for text in ("text", "muted", "accent_text"):
        assert theme.contrast(getattr(tokens, text), tokens.selection) >= 4.5, text
        assert theme.contrast(getattr(tokens, text), tokens.hover) >= 4.5, text
    assert theme.contrast(tokens.muted, tokens.field) >= 3  # frames of unticked boxes
    assert theme.contrast(tokens.accent, tokens.field) >= 3  # focus rings


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("surface", SURFACES)
def test_that_frames_and_focus_rings_stand_out_from_every_surface(tokens, surface):
    around = getattr(tokens, surface)
    assert theme.contrast(tokens.frame, around) >= 3
    assert theme.contrast(tokens.accent, around) >= 3


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_that_the_frame_of_every_kind_of_field_stands_out(app, tokens, qtbot):
    theme.apply(app, "dark" if tokens is theme.DARK else "light")
    for kind in (QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPushButton, QPlainTextEdit):
        field = kind()
        qtbot.addWidget(field)
        field.resize(120, 40)
        frame = field.grab().toImage().pixelColor(field.width() // 2, 0).name()
        assert theme.contrast(frame, tokens.panel) >= 3, kind.__name__


def test_that_contrast_agrees_with_the_definition():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("scheme", "tokens"), [("dark", theme.DARK), ("light", theme.LIGHT)])
def test_that_applying_a_scheme_sets_palette_and_tokens(app, scheme, tokens):
    theme.apply(app, scheme)
    assert theme.colors() is tokens
    assert app.palette().color(QPalette.ColorRole.Window).name() == tokens.window
    disabled = app.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled.name() == tokens.disabled


def test_that_the_style_sheet_has_no_unfilled_token():
    for tokens in (theme.DARK, theme.LIGHT):
        assert "@" not in theme.style_sheet(tokens)


def test_that_all_named_icons_exist():
    assert set(REQUIRED) <= set(theme.icon_names())


def test_that_every_icon_draws_something(app):
    for name in theme.icon_names():
        image = theme.tinted(name, "#ff0000", 24).toImage()
        drawn = any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))
        assert drawn, name


def test_that_an_unknown_icon_is_an_error(app):
    with pytest.raises(FileNotFoundError):
        theme.icon("no-such-icon")


def test_that_icons_are_tinted_by_state(app):
    theme.apply(app, "dark")
    icon = theme.icon("stop")
    assert mean_color(icon).name() == theme.DARK.text
    assert mean_color(icon, QIcon.Mode.Disabled).name() == theme.DARK.disabled
    assert mean_color(icon, state=QIcon.State.On).name() == theme.DARK.accent_text


def test_that_icons_of_buttons_and_actions_follow_a_change_of_scheme(app, qtbot):
    theme.apply(app, "dark")
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(theme.icon("stop", "lost"))
    action = QAction(theme.icon("stop"), "Stop", button)
    theme.apply(app, "light")
    assert mean_color(button.icon()).name() == theme.LIGHT.lost
    assert mean_color(action.icon()).name() == theme.LIGHT.text
    theme.apply(app, "dark")
    assert mean_color(action.icon()).name() == theme.DARK.text


def test_that_an_icon_is_rendered_once_per_scheme(app):
    theme.apply(app, "dark")
    first = theme.icon("play")
    assert theme.icon("play").cacheKey() == first.cacheKey()
    assert theme.icon("play", "muted").cacheKey() != first.cacheKey()
    theme.apply(app, "light")
    assert theme.icon("play").cacheKey() != first.cacheKey()


def test_that_foreign_icons_stay_as_they_are(app, qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    pixmap = theme.tinted("stop", "#123456", 32)
    button.setIcon(QIcon(pixmap))
    theme.apply(app, "light")
    theme.apply(app, "dark")
    assert mean_color(button.icon()).name() == "#123456"


def test_that_tinted_pixmaps_have_the_size_in_device_pixels():
    pixmap = theme.tinted("play", "#ffffff", 16, 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (32, 2.0)
    assert pixmap.deviceIndependentSize().width() == 16


def test_that_track_colours_repeat_only_after_all_were_used():
    colors = [theme.track_color(i) for i in range(1, len(theme.track_colors()) + 2)]
    assert len(set(colors[:-1])) == len(theme.track_colors())
    assert colors[-1] == colors[0]


def test_that_mixing_ends_at_both_colours():
    assert theme.mix("#102030", "#304050", 0).name() == "#102030"
    assert theme.mix("#102030", "#304050", 1).name() == "#304050"
    assert theme.mix("#102030", "#304050", 0.5).name() == "#203040"


def test_that_text_on_a_data_colour_is_the_more_readable_of_black_and_white():
    assert theme.on_color("#f0e442") == "#000000"
    assert theme.on_color("#0072b2") == "#ffffff"
