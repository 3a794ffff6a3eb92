"""Training material: readers of data sets, pair sampling, composited clips, a packed cache."""
