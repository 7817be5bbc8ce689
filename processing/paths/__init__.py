"""From events to ready rows, one module per path: tiles, recompute, row. Each gives Built values; `processing.apply` writes them."""
