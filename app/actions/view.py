"""What is shown, and how large."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

VIEW: tuple[ActionSpec, ...] = (
    action("map", "Response &map", "View", "M",
           "Show what the tracker sees: its response map over the frame.",
           icon="map", checkable=True, toolbar=True),
    action("next_map", "&Next map", "View", "Shift+M",
           "Show the tracker's next map.", needs="map"),
    action("map_fainter", "Map &fainter", "View", "[", "Make the map more transparent.",
           needs="map"),
    action("map_stronger", "Map &stronger", "View", "]", "Make the map more opaque.",
           needs="map"),
    action("trail", "&Path of the target", "View", "L",
           "Draw the way that the target came.", needs="always", checkable=True, section=1),
    action("fit", "Fit the &window", "View", "0", "Show the whole frame.", icon="fit", section=2,
           toolbar=True),
    action("zoom_target", "&Zoom to the target", "View", "Z",
           "Show the selected box large.", icon="zoom-target", needs="box", section=2,
           toolbar=True),
    action("actual_size", "&Actual size", "View", "Ctrl+0",
           "One frame pixel per screen pixel.", icon="actual-size", section=2),
    action("zoom_in", "Zoom &in", "View", "+ =", "Larger.", icon="zoom-in", section=2),
    action("zoom_out", "Zoom &out", "View", "-", "Smaller.", icon="zoom-out", section=2),
    action("theme", "Switch &light and dark", "View", "Ctrl+T",
           "Change between the light and the dark theme.", icon="theme", needs="always",
           section=4),
    action("full_screen", "F&ull screen", "View", "F11", "Use the whole screen.",
           needs="always", section=4, checkable=True),
    action("reset_layout", "&Reset the layout", "View", "Ctrl+Alt+R",
           "Put all panels back where they belong.", needs="always", section=4),
)  # fmt: skip
