"""Result files in the layouts of the toolkits, written for their scripts to read, and read back."""
