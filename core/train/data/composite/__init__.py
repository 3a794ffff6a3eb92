"""Composited clips: cut-outs moving over photographs, with exactly known boxes."""
