"""From events to ready rows, a module per path: tiles, recompute, rows. Each gives Built values; `processing.apply` writes them."""
