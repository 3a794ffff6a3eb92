"""Running a tracker over frames, under control, with the results going to sinks."""
