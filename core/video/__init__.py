"""Frames by number, exactly: files, image sequences and synthetic clips."""
