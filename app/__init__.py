"""Boxtrail's window: what a person sees of :mod:`core`, and nothing more.

Code map (arrows go down only):

``main`` ``main_window``   start the program, place the widgets, wire signals
``actions`` ``dialogs``   commands with shortcuts; windows that ask something
``views`` ``controller``   widgets that show data and announce intents; what happens then
``jobs`` ``undo`` ``models``   work on other threads, reversible edits, item models
``ui_state`` ``settings`` ``errors`` ``theme``   the ground floor

Views know neither controller nor session nor one another.
"""
