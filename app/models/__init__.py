"""Item models and values behind the panels; no widgets."""
