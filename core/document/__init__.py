"""What was annotated: immutable values, edited by making new ones."""
