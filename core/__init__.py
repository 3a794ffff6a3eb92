"""Boxtrail's knowledge, free of any user interface.

Code map (arrows go down only; checked by import-linter):

``cli`` / ``session``   command line and the façade both front ends use
``evaluate`` ``formats``   benchmarks; annotation files in and out
``engine``   decode → track → sinks, with pause, step and cancel
``trackers`` ``document`` ``video``   the methods; what was annotated; where frames come from
``dsp``   signal processing the trackers share
``params`` ``geometry`` ``paths`` ``device`` ``states`` ``errors``   the ground floor

No module here imports Qt, prints, or reads global state.
"""
