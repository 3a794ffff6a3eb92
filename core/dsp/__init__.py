"""Signal processing shared by trackers: gradients, sampling, Fourier tools."""
