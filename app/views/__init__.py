"""Widgets that are shown data (``set_*``, ``show_*``) and announce intents (signals).

No widget here knows the session, the controller or another widget; they are wired
together in ``app.main_window`` alone.
"""
