"""Recordings of runs: boxes, scores, curves and maps in one HDF5 file, replayed without a GPU."""
