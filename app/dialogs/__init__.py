"""Windows that ask or tell: export, preferences, keys, about, errors, file questions."""
