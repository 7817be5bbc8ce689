"""From events to ready rows, a module per path: tiles, recompute, rows. Each gives Built; `processing.apply` writes it."""
