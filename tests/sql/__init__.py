"""User SQL as a whole: real queries, hostile texts, generated expressions, on both engines."""
