"""Networks and what trackers build from them: backbones, correlation, anchors, RoIs.

One backbone, one module; :func:`core.nets.backbones.build` makes one with its weights.
"""
