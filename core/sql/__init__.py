"""User SQL: parse, check, classify, render. `compile_sql` is the one way in; nothing but what it renders may run."""

from core.sql.compiled import Compiled, compile_sql

__all__ = ["Compiled", "compile_sql"]
