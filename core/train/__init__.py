"""Training the networks: material, sampling, losses, the loop. Never needed to track."""
