"""Dates and times that are made, moved, read and written; what does not exist, such as February 30, is NULL."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import casts, pieces
from core.sql.casts import BadCast
from core.sql.functions.row import Render, row
from core.sql.functions.times import UNITS, pattern
from core.sql.pieces import Sql
from core.sql.types import BIGINT, DATE, DOUBLE, STRING, TIMESTAMP

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_NAMES = "|".join(
    [
        *_DAYS,
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
        "MO",
        "TU",
        "WE",
        "TH",
        "FR",
        "SA",
        "SU",
    ]
)
# how many of a unit may be added: some thousand years, far from where the engines' times end
_MOST = {"YEAR": 5_000, "QUARTER": 20_000, "MONTH": 60_000, "WEEK": 250_000, "DAY": 1_800_000, "HOUR": 43_000_000}
_MICROS = {"MINUTE": 60_000_000, "SECOND": 1_000_000, "MILLISECOND": 1_000, "MICROSECOND": 1}
_INTERVALS = {
    "YEAR": "TO_YEARS", "QUARTER": "TO_QUARTERS", "MONTH": "TO_MONTHS", "WEEK": "TO_WEEKS", "DAY": "TO_DAYS", "HOUR": "TO_HOURS",
}  # fmt: skip


def _date(y: str, m: str, d: str, dialect: str) -> str:
    """A date of three BIGINTs, NULL where there is none."""
    whole = "INT" if dialect == "spark" else "BIGINT"
    ints = [f"CAST({text} AS {whole})" for text in (y, m, d)]
    last = f"DAY(LAST_DAY(MAKE_DATE({ints[0]}, {ints[1]}, CAST(1 AS {whole}))))"
    fits = f"{y} BETWEEN 1 AND 9999 AND {m} BETWEEN 1 AND 12 AND {d} BETWEEN 1 AND 31"
    return f"CASE WHEN {fits} THEN CASE WHEN {d} <= {last} THEN MAKE_DATE({', '.join(ints)}) END END"


def _make_date(args: Sequence[Sql], dialect: str) -> str:
    names = {name: arg.text for name, arg in zip("ymd", args, strict=True)}
    return pieces.let(names, _date("z.y", "z.m", "z.d", dialect), dialect)


def _make_timestamp(args: Sequence[Sql], dialect: str) -> str:
    names = {name: arg.text for name, arg in zip("ymdhis", args, strict=True)}
    million = pieces.double(1e6, dialect)
    micros = f"(z.h * 3600000000 + z.i * 60000000 + CAST(FLOOR(z.s * {million} + {pieces.double(0.5, dialect)}) AS BIGINT))"
    day = f"CAST({_date('z.y', 'z.m', 'z.d', dialect)} AS TIMESTAMP)"
    made = f"TIMESTAMP_MICROS(UNIX_MICROS({day}) + {micros})" if dialect == "spark" else f"{day} + TO_MICROSECONDS({micros})"
    fits = "z.h BETWEEN 0 AND 23 AND z.i BETWEEN 0 AND 59 AND z.s >= 0 AND z.s <= 60"
    return pieces.let(names, f"CASE WHEN {fits} THEN {made} END", dialect)


def _next_day(args: Sequence[Sql], dialect: str) -> str:
    target = next(i for i, day in enumerate(_DAYS) if day.startswith(str(args[1].literal).upper()[:2]))
    if dialect == "spark":
        return f"NEXT_DAY({args[0].text}, '{_DAYS[target]}')"
    return f"({args[0].text} + CAST(({target} - ISODOW({args[0].text}) + 7) % 7 + 1 AS INTEGER))"


def _months_between(args: Sequence[Sql], dialect: str) -> str:
    """Of one day of the month, or both at its end: whole months. Else months of 31 days, rounded to eight places."""
    if dialect == "spark":
        return f"MONTHS_BETWEEN({args[0].text}, {args[1].text})"
    names = {"a": args[0].text, "b": args[1].text}
    months = "((YEAR(z.a) - YEAR(z.b)) * 12 + MONTH(z.a) - MONTH(z.b))"
    ends = " AND ".join(f"DAY(z.{one}) = DAY(LAST_DAY(z.{one}))" for one in "ab")
    clock = "(HOUR(z.{0}) * 3600 + MINUTE(z.{0}) * 60 + SECOND(z.{0}))"
    seconds = f"((DAY(z.a) - DAY(z.b)) * 86400 + {clock.format('a')} - {clock.format('b')})"
    exact = f"FLOOR(({months} + {seconds} / 2678400e0) * 1e8 + 0.5e0) / 1e8"
    return pieces.let(names, f"CASE WHEN DAY(z.a) = DAY(z.b) OR ({ends}) THEN CAST({months} AS DOUBLE) ELSE {exact} END", dialect)


def _add(args: Sequence[Sql], dialect: str) -> str:
    """TIMESTAMPADD(unit, count, time); a month's end stays inside the month."""
    unit, count, time = str(args[0].literal).upper(), args[1].text, args[2].text
    most = _MOST.get(unit) or 1_000_000_000_000 // (_MICROS[unit] // 1_000 or 1)
    if dialect == "spark":
        moved = f"TIMESTAMPADD({unit}, CAST({count} AS INT), {time})"
        if unit in _MICROS:
            moved = f"TIMESTAMP_MICROS(UNIX_MICROS({time}) + {count} * {_MICROS[unit]})"
    elif unit in _MICROS:
        moved = f"{time} + TO_MICROSECONDS({count} * {_MICROS[unit]})"
    else:
        moved = f"{time} + {_INTERVALS[unit]}(CAST({count} AS INTEGER))"
    return f"CASE WHEN {count} BETWEEN {-most} AND {most} THEN {moved} END"


def _parsed(to: str) -> Render:
    """A text read by a literal pattern of fields of fixed width; what does not match is NULL."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        fields, expression, place = {}, "", 1
        for word, _ in pattern(str(args[1].literal)):
            plain = word.strip("'")
            if plain in ("EEE", "MMM"):
                raise BadCast("a text is read by yyyy MM dd HH mm ss and signs")
            if plain in ("yyyy", "MM", "dd", "HH", "mm", "ss") and word == plain:
                if plain in fields:
                    raise BadCast(f"{plain} stands twice in the pattern")
                fields[plain] = f"SUBSTRING(z.t, {place}, {len(plain)})"
                expression += f"[0-9]{{{len(plain)}}}"
            else:
                if set(plain) & set("'\"\\"):
                    raise BadCast("no quotes and backslashes in a date pattern")
                expression += "".join(
                    f"[{c}]" if c not in "^[]" else ("[[]" if c == "[" else "[]]" if c == "]" else "") for c in plain
                )
                if "^" in plain:
                    raise BadCast("^ is not allowed in a date pattern")
            place += len(plain)
        if not {"yyyy", "MM", "dd"} <= set(fields):
            raise BadCast("a date pattern for reading has yyyy, MM and dd")
        day = f"{fields['yyyy']} || '-' || {fields['MM']} || '-' || {fields['dd']}"
        clock = " || ':' || ".join(fields.get(one, "'00'") for one in ("HH", "mm", "ss"))
        whole = day if to == "DATE" else f"{day} || ' ' || {clock}"
        kind = DATE if to == "DATE" else TIMESTAMP
        if dialect == "spark":
            expression = expression.replace("[[]", "[\\\\[]").replace("[]]", "[\\\\]]").replace("[&]", "[\\\\&]")
        read = casts.cast(Sql("z.u", STRING), kind, dialect).text
        inner = pieces.let({"u": whole}, read, dialect)
        inside = f"CASE WHEN {casts.matches('z.t', expression, dialect)} THEN {inner} END"
        made = pieces.let({"t": args[0].text}, inside, dialect)
        if to == "SECONDS":
            made = f"UNIX_SECONDS({made})" if dialect == "spark" else f"CAST(EPOCH_US({made}) // 1000000 AS BIGINT)"
        return made

    return render


def _name(word: str) -> Render:
    def render(args: Sequence[Sql], dialect: str) -> str:
        return f"{word}({args[0].text})" if dialect == "spark" else f"LEFT({word}({args[0].text}), 3)"

    return render


_UNIX_DATE = "(DATE '1970-01-01' + CAST({0} AS INTEGER))"
_FAR = "CASE WHEN {{0}} BETWEEN -719162 AND 2932896 THEN {} END"  # years 1 to 9999
_READ = "yyyy MM dd HH mm ss and signs; NULL where it does not match"
ROWS = [
    *row("MAKE_DATE", "integer integer integer", DATE, _make_date, note="NULL where there is no such day"),
    *row("MAKE_TIMESTAMP", "integer integer integer integer integer double", TIMESTAMP, _make_timestamp, note="of UTC"),
    *row("NEXT_DAY", f"date '{_NAMES}'", DATE, _next_day, note="the first such weekday behind it"),
    *row("MONTHS_BETWEEN", "timestamp timestamp", DOUBLE, _months_between, note="from the second to the first"),
    *row("TIMESTAMPADD DATEADD DATE_ADD", f"{UNITS} integer timestamp", TIMESTAMP, _add, note="the unit is a word or a text"),
    *row("DAYNAME", "timestamp", STRING, _name("DAYNAME"), note="Mon, Tue, …"),
    *row("MONTHNAME", "timestamp", STRING, _name("MONTHNAME"), note="Jan, Feb, …"),
    *row(
        "DATE_FROM_UNIX_DATE",
        "integer",
        DATE,
        _FAR.format(_UNIX_DATE),
        _FAR.format("DATE_FROM_UNIX_DATE(CAST({0} AS INT))"),
        note="so many days after 1970-01-01",
    ),
    *row("TO_DATE", "string ''", DATE, _parsed("DATE"), note=_READ),
    *row("TO_TIMESTAMP TRY_TO_TIMESTAMP", "string ''", TIMESTAMP, _parsed("TIMESTAMP"), note=_READ),
    *row("UNIX_TIMESTAMP TO_UNIX_TIMESTAMP", "string ''", BIGINT, _parsed("SECONDS"), note=_READ),
]
