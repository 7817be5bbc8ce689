"""Column types: their text, their inference from JSON values, and the way between JSON, Arrow and answers.

`BIGINT DOUBLE DECIMAL(p,s) STRING BOOLEAN DATE TIMESTAMP EPOCH_S EPOCH_MS ARRAY<t> STRUCT<name:t,...>`, and for outputs
MAP<STRING,t>.
"""

from core.types.arrow import arrow_type, from_arrow
from core.types.columns import coerce_column
from core.types.infer import infer
from core.types.model import ColumnType, parse_type
from core.types.values import Mismatch, coerce, to_json

__all__ = ["ColumnType", "Mismatch", "arrow_type", "coerce", "coerce_column", "from_arrow", "infer", "parse_type", "to_json"]
