"""Look of the window: light and dark palettes, style sheet, icons, track colours.

One idea: chrome follows the scheme, data colours do not. :func:`apply` sets palette
and style sheet (``resources/theme.qss`` with ``@token`` colours) and re-tints every
icon that :func:`icon` made. Icons are drawn as ``currentColor`` SVG and rendered
per scheme; Python icon engines are avoided because Qt owns and copies them.

Invariant: text tokens have a contrast of at least 4.5 : 1 on every surface token, frames
and focus rings one of at least 3 : 1 (WCAG 2.1, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Literal, cast

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QGuiApplication,
    QIcon,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication

from core.paths import resource

Scheme = Literal["system", "light", "dark"]
GRID = 8
"""Spacing unit in device-independent pixels; half of it inside groups."""

_ICON_SIZES = (16, 20, 24, 32, 40, 48, 64)
# Okabe & Ito (2008), colour-blind safe, in an order whose first entries differ most on video.
_TRACK_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")


@dataclass(frozen=True, slots=True)
class Colors:
    """The tokens of one scheme; all ``#rrggbb``.

    Surfaces from back to front are `window`, `panel`, `raised`; `field` is what one
    types into. `frame` goes around what can be operated, `accent` around what has the
    keyboard. `ok`, `uncertain`, `lost` and `info` are readable as text.
    """

    window: str
    panel: str
    raised: str
    field: str
    hover: str
    pressed: str
    border: str
    border_strong: str
    frame: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    accent_text: str
    on_accent: str
    selection: str
    ok: str
    uncertain: str
    lost: str
    info: str


DARK = Colors(
    window="#1b1e23",
    panel="#22262c",
    raised="#2a2f37",
    field="#16181c",
    hover="#323842",
    pressed="#3b424d",
    border="#343a44",
    border_strong="#4a525e",
    frame="#77818f",
    text="#e6e9ee",
    muted="#acb5c1",
    disabled="#69727f",
    accent="#2fb5c2",
    accent_hover="#4cc6d1",
    accent_text="#55cbd6",
    on_accent="#06181b",
    selection="#1d4a52",
    ok="#5ccb95",
    uncertain="#f0b64a",
    lost="#ff8a78",
    info="#7fb8ff",
)
LIGHT = Colors(
    window="#eef0f3",
    panel="#f8f9fb",
    raised="#ffffff",
    field="#ffffff",
    hover="#e6e9ee",
    pressed="#d9dee5",
    border="#d3d8df",
    border_strong="#b3bbc6",
    frame="#7d8694",
    text="#1a1e24",
    muted="#566070",
    disabled="#858e9b",
    accent="#0c7c8a",
    accent_hover="#0a6b78",
    accent_text="#0a6b78",
    on_accent="#ffffff",
    selection="#c9e8ec",
    ok="#14694a",
    uncertain="#805300",
    lost="#b3261e",
    info="#1a5fb4",
)

_requested: Scheme = "system"
_icon_names: dict[int, tuple[str, str]] = {}
_icons: dict[tuple[str, str, str], QIcon] = {}  # rendering one takes milliseconds
atexit.register(_icons.clear)  # pixmaps must not outlive the application


class _SystemFollower(QObject):
    """Re-applies the theme when the desktop switches between light and dark."""

    def scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        app = QApplication.instance()
        if _requested == "system" and isinstance(app, QApplication):
            apply(app, "system")


_follower: _SystemFollower | None = None


def apply(app: QApplication, scheme: Scheme = "system") -> None:
    """Dress the application; may be called again at any time to switch."""
    global _requested, _follower
    _requested = scheme
    hints = QGuiApplication.styleHints()
    if _follower is None:
        _follower = _SystemFollower(app)
        hints.colorSchemeChanged.connect(_follower.scheme_changed)
    if scheme == "system":
        hints.unsetColorScheme()
    else:
        hints.setColorScheme(Qt.ColorScheme.Dark if scheme == "dark" else Qt.ColorScheme.Light)
    dark = hints.colorScheme() == Qt.ColorScheme.Dark if scheme == "system" else scheme == "dark"
    tokens = DARK if dark else LIGHT
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(tokens))
    app.setStyleSheet(style_sheet(tokens))
    _retint(app)


def colors() -> Colors:
    """Tokens of the scheme in force, read from the palette so that nothing can disagree."""
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication):
        return LIGHT
    window = app.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def track_color(track_id: int) -> str:
    """Default ``#rrggbb`` of a track (ids start at 1); the same in both schemes."""
    return _TRACK_COLORS[(track_id - 1) % len(_TRACK_COLORS)]


def track_colors() -> tuple[str, ...]:
    """The colours offered for tracks."""
    return _TRACK_COLORS


def palette(tokens: Colors) -> QPalette:
    """Qt's palette of one scheme, with its disabled group."""
    role = QPalette.ColorRole
    result = QPalette(QColor(tokens.raised), QColor(tokens.window))
    active = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.field,
        role.AlternateBase: tokens.panel,
        role.Text: tokens.text,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.lost,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.selection,
        role.HighlightedText: tokens.text,
        role.Link: tokens.accent_text,
        role.LinkVisited: tokens.accent_text,
        role.Accent: tokens.accent,
        role.Light: tokens.hover,
        role.Midlight: tokens.hover,
        role.Mid: tokens.border,
        role.Dark: tokens.border_strong,
        role.Shadow: tokens.border_strong,
    }
    for key, value in active.items():
        result.setColor(key, QColor(value))
    disabled = QPalette.ColorGroup.Disabled
    for key in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        result.setColor(disabled, key, QColor(tokens.disabled))
    result.setColor(disabled, role.Highlight, QColor(tokens.border))
    result.setColor(disabled, role.HighlightedText, QColor(tokens.disabled))
    return result


def style_sheet(tokens: Colors) -> str:
    """``theme.qss`` with every ``@token`` filled in.

    Raises
    ------
    KeyError
        If the file names a token that :class:`Colors` does not have.
    """
    values = asdict(tokens)
    values["icons"] = resource("icons").as_posix()
    values["tick"] = "tick-dark" if tokens is DARK else "tick"  # readable on the accent
    text = resource("theme.qss").read_text(encoding="utf-8")
    return re.sub(r"@([a-z_]+)", lambda match: values[match.group(1)], text)


def icon(name: str, token: str = "text") -> QIcon:
    """Icon `name` of ``resources/icons``, tinted with a colour token.

    It has crisp pixmaps for pixel ratios 1, 1.25, 1.5 and 2, a disabled look, and
    wears the accent colour when checked. Icons on actions and buttons are replaced
    by :func:`apply` when the scheme changes.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    tokens = colors()
    known = _icons.get((name, token, tokens.window))
    if known is not None:
        return QIcon(known)  # a copy, so that adding to it leaves the kept one alone
    made = QIcon()
    on = "accent_text" if token == "text" else token
    looks = (
        (token, QIcon.Mode.Normal, QIcon.State.Off),
        (on, QIcon.Mode.Normal, QIcon.State.On),
        ("disabled", QIcon.Mode.Disabled, QIcon.State.Off),
        ("disabled", QIcon.Mode.Disabled, QIcon.State.On),
    )
    for look, mode, state in looks:
        renderer = _renderer(name, getattr(tokens, look))
        for size in _ICON_SIZES:
            made.addPixmap(_rendered(renderer, size), mode, state)
    _icon_names[made.cacheKey()] = (name, token)
    _icons[name, token, tokens.window] = made
    return QIcon(made)


def icon_names() -> list[str]:
    """All icons there are."""
    return sorted(path.stem for path in resource("icons").glob("*.svg"))


def tinted(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One pixmap of `size` device-independent pixels, for painting by hand."""
    pixmap = _rendered(_renderer(name, color), max(1, round(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def pad_spin_box(field: QAbstractSpinBox) -> None:
    """Give the text of a spin box the inset of other fields (style sheets cannot)."""
    field.lineEdit().setTextMargins(5, 0, 0, 0)


def mix(first: str, second: str, share: float) -> QColor:
    """Colour `share` of the way from `first` to `second` (0..1)."""
    a, b = QColor(first), QColor(second)
    parts = (
        round(x + (y - x) * share)
        for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)  # pyright: ignore[reportIndexIssue,reportArgumentType]
    )
    return QColor(*parts)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours after WCAG 2.1 (1..21)."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def on_color(background: str) -> str:
    """Black or white, whichever reads better on a data colour."""
    return max(("#000000", "#ffffff"), key=lambda text: contrast(text, background))


def token_names() -> list[str]:
    """Names usable as ``@token`` in the style sheet and in :func:`icon`."""
    return [field.name for field in fields(Colors)]


def _luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _renderer(name: str, color: str) -> QSvgRenderer:
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(svg.replace("currentColor", color).encode()))


def _rendered(renderer: QSvgRenderer, pixels: int) -> QPixmap:
    image = QImage(QSize(pixels, pixels), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return QPixmap.fromImage(image)


def _retint(app: QApplication) -> None:
    """Give every action and button that wears one of our icons the new tint."""
    fresh: dict[tuple[str, str], QIcon] = {}
    for holder in _icon_holders(app):
        known = _icon_names.get(holder.icon().cacheKey())
        if known is not None:
            if known not in fresh:
                fresh[known] = icon(*known)
            holder.setIcon(fresh[known])


def _icon_holders(app: QApplication) -> Iterator[QAction | QAbstractButton]:
    seen: set[int] = set()
    for widget in app.allWidgets():
        if isinstance(widget, QAbstractButton):
            yield widget
        for action in (*widget.actions(), *cast(list[QAction], widget.findChildren(QAction))):
            if id(action) not in seen:
                seen.add(id(action))
                yield action
