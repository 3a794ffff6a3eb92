"""Measuring trackers on benchmark sequences: layouts, one-pass protocol, metrics, reports."""
