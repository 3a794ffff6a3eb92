"""Pictures and videos with boxes and response maps drawn in, without a window."""
