"""Functions of dates and times. Everything is UTC; weeks begin on Monday but DAYOFWEEK counts from Sunday = 1, as in Spark."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.casts import BadCast, cast
from core.sql.functions.row import Render, row
from core.sql.pieces import Sql, string
from core.sql.types import BIGINT, DATE, STRING, TIMESTAMP, Type

UNITS = "'YEAR|QUARTER|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND|MILLISECOND|MICROSECOND'"
_TRUNCATED = UNITS.removesuffix("'") + "|YYYY|YY|MM|MON|DD'"
_SHORT = {"YYYY": "YEAR", "YY": "YEAR", "MM": "MONTH", "MON": "MONTH", "DD": "DAY"}
_DAYS = 1_000_000  # a shift beyond this many days is NULL
_MONTHS = 12_000
_FORMATS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "EEE": "%a", "MMM": "%b"}


def part(word: str, spark: str | None = None) -> Render:
    """A part of a time as BIGINT."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        name = spark if spark is not None and dialect == "spark" else word
        return f"CAST({name}({args[0].text}) AS BIGINT)"

    return render


def _shift(sign: str) -> Render:
    def render(args: Sequence[Sql], dialect: str) -> str:
        day, count = args[0].text, args[1].text
        moved = (
            f"date_add({day}, CAST({sign}{count} AS INT))" if dialect == "spark" else f"({day} + CAST({sign}{count} AS INTEGER))"
        )
        return f"CASE WHEN {count} BETWEEN {-_DAYS} AND {_DAYS} THEN {moved} END"

    return render


def _months(args: Sequence[Sql], dialect: str) -> str:
    day, count = args[0].text, args[1].text
    moved = (
        f"add_months({day}, CAST({count} AS INT))"
        if dialect == "spark"
        else f"CAST({day} + TO_MONTHS(CAST({count} AS INTEGER)) AS DATE)"
    )
    return f"CASE WHEN {count} BETWEEN {-_MONTHS} AND {_MONTHS} THEN {moved} END"


def _epoch(divisor: int) -> Render:
    """Whole units since 1970, rounded down."""
    unit = {1_000_000: ("SECOND", "UNIX_SECONDS"), 1_000: ("MILLISECOND", "UNIX_MILLIS"), 1: ("MICROSECOND", "UNIX_MICROS")}[
        divisor
    ]

    def render(args: Sequence[Sql], dialect: str) -> str:
        if dialect == "spark":
            return f"{unit[1]}({args[0].text})"
        return f"CAST(EPOCH_US(DATE_TRUNC('{unit[0]}', {args[0].text})) // {divisor} AS BIGINT)"

    return render


def _from_epoch(factor: int, spark: str) -> Render:
    low, high = -62_135_596_800 * 1_000_000 // factor, 253_402_300_799 * 1_000_000 // factor

    def render(args: Sequence[Sql], dialect: str) -> str:
        text = args[0].text
        made = f"{spark}({text})" if dialect == "spark" else f"MAKE_TIMESTAMP({text} * {factor})"
        return f"CASE WHEN {text} BETWEEN {low} AND {high} THEN {made} END"

    return render


def _trunc_date(args: Sequence[Sql], dialect: str) -> str:
    unit = str(args[1].literal).upper()
    unit = _SHORT.get(unit, unit)
    return f"TRUNC({args[0].text}, '{unit}')" if dialect == "spark" else f"CAST(DATE_TRUNC('{unit}', {args[0].text}) AS DATE)"


def _read(kind: Type) -> Render:
    """A text read as CAST reads it."""

    def render(args: Sequence[Sql], dialect: str) -> str:
        return cast(args[0], kind, dialect).text

    return render


def _trunc_time(args: Sequence[Sql], dialect: str) -> str:
    unit = str(args[0].literal).upper()
    made = f"DATE_TRUNC('{_SHORT.get(unit, unit)}', {args[1].text})"
    return made if dialect == "spark" else f"CAST({made} AS TIMESTAMP)"


def pattern(text: str) -> list[tuple[str, str]]:
    """A date pattern as (what Spark calls it, what DuckDB calls it) pieces; raises BadCast for letters that are not known."""
    found, place = [], 0
    while place < len(text):
        for word in sorted(_FORMATS, key=len, reverse=True):
            if text.startswith(word, place) and text[place + len(word) : place + len(word) + 1] != word[-1]:
                found.append((word, _FORMATS[word]))
                place += len(word)
                break
        else:
            quoted = text[place] == "'" and text.find("'", place + 1)
            piece = text[place + 1 : quoted] if quoted and quoted > 0 else text[place]
            if (piece.isalpha() and not quoted) or piece in "'%" or "%" in piece:
                raise BadCast(f"a date pattern has yyyy MM dd HH mm ss EEE MMM, signs and 'quoted text', not {text[place:]!r}")
            found.append((f"'{piece}'" if piece.isalpha() else piece, piece))
            place += len(piece) + (2 if quoted else 0)
    return found


def _format(args: Sequence[Sql], dialect: str) -> str:
    both = pattern(str(args[1].literal))
    if dialect == "spark":
        return f"DATE_FORMAT({args[0].text}, {string(''.join(a for a, _ in both), dialect)})"
    return f"STRFTIME({args[0].text}, {string(''.join(b for _, b in both), dialect)})"


def _from_unix(args: Sequence[Sql], dialect: str) -> str:
    words = args[1] if len(args) > 1 else Sql("", STRING, literal="yyyy-MM-dd HH:mm:ss")
    return _format([Sql(_from_epoch(1_000_000, "TIMESTAMP_SECONDS")(args, dialect), TIMESTAMP), words], dialect)


def _between(args: Sequence[Sql], dialect: str) -> str:
    """Whole units from one time to another, cut off towards zero."""
    unit, start, end = str(args[0].literal).upper(), args[1].text, args[2].text
    if dialect == "spark":
        return f"TIMESTAMPDIFF({unit}, {start}, {end})"
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(unit)
    if months is None:
        return f"CAST(DATE_SUB('{unit}', {start}, {end}) AS BIGINT)"
    # as java.time counts: a month is over when its day and time of day are reached, the end of a short month does not stand
    # for them
    first, last = f"CAST({start} AS DATE)", f"CAST({end} AS DATE)"
    clock = f"CAST({end} AS TIME) {{}} CAST({start} AS TIME)"
    back, forth = f"{last} > {first} AND {clock.format('<')}", f"{last} < {first} AND {clock.format('>')}"
    step = f"CASE WHEN {back} THEN -1 WHEN {forth} THEN 1 ELSE 0 END"
    day = f"({last} + {step})"
    packed = f"((YEAR({day}) * 12 + MONTH({day})) * 32 + DAY({day}) - (YEAR({first}) * 12 + MONTH({first})) * 32 - DAY({first}))"
    return f"CAST(TRUNC({packed} / {32 * months}) AS BIGINT)"


_DIFF = ("CAST(DATE_DIFF('DAY', {1}, {0}) AS BIGINT)", "CAST(DATEDIFF({0}, {1}) AS BIGINT)")
ROWS = [
    *row("YEAR", "timestamp", BIGINT, part("YEAR"), note="of UTC"),
    *row("QUARTER", "timestamp", BIGINT, part("QUARTER"), note="1 to 4"),
    *row("MONTH", "timestamp", BIGINT, part("MONTH"), note="1 to 12"),
    *row("DAY DAYOFMONTH", "timestamp", BIGINT, part("DAY"), note="1 to 31"),
    *row("HOUR", "timestamp", BIGINT, part("HOUR"), note="0 to 23"),
    *row("MINUTE", "timestamp", BIGINT, part("MINUTE"), note="0 to 59"),
    *row("SECOND", "timestamp", BIGINT, part("SECOND"), note="whole seconds"),
    *row("DAYOFWEEK", "timestamp", BIGINT, "CAST(DAYOFWEEK({0}) + 1 AS BIGINT)", "CAST(DAYOFWEEK({0}) AS BIGINT)", "Sunday is 1"),
    *row("WEEKDAY", "timestamp", BIGINT, "CAST(ISODOW({0}) - 1 AS BIGINT)", "CAST(WEEKDAY({0}) AS BIGINT)", "Monday is 0"),
    *row("DAYOFYEAR", "timestamp", BIGINT, part("DAYOFYEAR"), note="1 to 366"),
    *row("WEEKOFYEAR WEEK", "timestamp", BIGINT, part("WEEK", "WEEKOFYEAR"), note="ISO weeks"),
    *row(
        "DAYOFWEEK_ISO",
        "timestamp",
        BIGINT,
        "CAST(ISODOW({0}) AS BIGINT)",
        "CAST(WEEKDAY({0}) + 1 AS BIGINT)",
        note="for EXTRACT: Monday is 1",
    ),
    *row(
        "YEAROFWEEK",
        "timestamp",
        BIGINT,
        "CAST(ISOYEAR({0}) AS BIGINT)",
        "CAST(EXTRACT(YEAROFWEEK FROM {0}) AS BIGINT)",
        note="for EXTRACT: the year of the ISO week",
    ),
    *row("DATE TO_DATE", "date", DATE, "{0}", note="the day of a time"),
    *row("DATE TO_DATE", "string", DATE, _read(DATE), note="yyyy-MM-dd; as CAST reads it"),
    *row("TIMESTAMP TO_TIMESTAMP TRY_TO_TIMESTAMP", "string", TIMESTAMP, _read(TIMESTAMP), note="ISO 8601; as CAST reads it"),
    *row("TIMESTAMP TO_TIMESTAMP", "timestamp", TIMESTAMP, "{0}", note="a date is its midnight"),
    *row("DATE_TRUNC", f"{_TRUNCATED} timestamp", TIMESTAMP, _trunc_time, note="the begin of the unit, a word or a text"),
    *row("TRUNC", "date 'YEAR|YYYY|YY|QUARTER|MONTH|MM|MON|WEEK'", DATE, _trunc_date, note="the begin of the unit"),
    *row("DATE_ADD DATEADD", "date integer", DATE, _shift(""), note="so many days on"),
    *row("DATE_SUB", "date integer", DATE, _shift("-"), note="so many days before"),
    *row("DATEDIFF DATE_DIFF", "date date", BIGINT, *_DIFF, note="days from the second to the first"),
    *row(
        "ADD_MONTHS", "date integer", DATE, _months, note="the same day so many months on, the month's last where it is shorter"
    ),
    *row("LAST_DAY", "date", DATE, "LAST_DAY({0})", note="the last day of the month"),
    *row(
        "UNIX_TIMESTAMP UNIX_SECONDS TO_UNIX_TIMESTAMP",
        "timestamp",
        BIGINT,
        _epoch(1_000_000),
        note="seconds since 1970, rounded down",
    ),
    *row("UNIX_MILLIS", "timestamp", BIGINT, _epoch(1_000), note="milliseconds since 1970, rounded down"),
    *row("UNIX_MICROS", "timestamp", BIGINT, _epoch(1), note="microseconds since 1970"),
    *row(
        "UNIX_DATE",
        "date",
        BIGINT,
        "CAST(DATE_DIFF('DAY', DATE '1970-01-01', {0}) AS BIGINT)",
        "CAST(UNIX_DATE({0}) AS BIGINT)",
        note="days since 1970-01-01",
    ),
    *row(
        "TIMESTAMP_SECONDS", "integer", TIMESTAMP, _from_epoch(1_000_000, "TIMESTAMP_SECONDS"), note="so many seconds since 1970"
    ),
    *row(
        "TIMESTAMP_MILLIS", "integer", TIMESTAMP, _from_epoch(1_000, "TIMESTAMP_MILLIS"), note="so many milliseconds since 1970"
    ),
    *row("TIMESTAMP_MICROS", "integer", TIMESTAMP, _from_epoch(1, "TIMESTAMP_MICROS"), note="so many microseconds since 1970"),
    *row("FROM_UNIXTIME", "integer", STRING, _from_unix, note="yyyy-MM-dd HH:mm:ss of UTC"),
    *row("FROM_UNIXTIME", "integer ''", STRING, _from_unix, note="yyyy MM dd HH mm ss EEE MMM and signs"),
    *row("DATE_FORMAT", "timestamp ''", STRING, _format, note="yyyy MM dd HH mm ss EEE MMM and signs"),
    *row("TIMESTAMPDIFF", f"{UNITS} timestamp timestamp", BIGINT, _between, note="whole units"),
    *row("DATEDIFF DATE_DIFF", f"{UNITS} timestamp timestamp", BIGINT, _between, note="whole units"),
]
EXTRACT = {
    "DOW": "DAYOFWEEK",
    "DOW_ISO": "DAYOFWEEK_ISO",
    "DOY": "DAYOFYEAR",
    "WEEK": "WEEKOFYEAR",
    "DAYS": "DAY",
    "HOURS": "HOUR",
    "MONTHS": "MONTH",
    "YEARS": "YEAR",
}
UNIT_FIRST = frozenset({"TIMESTAMPDIFF", "DATEDIFF", "DATE_DIFF", "TIMESTAMPADD", "DATEADD", "DATE_ADD"})
PARTS = frozenset({"DATE_PART", "DATEPART"})  # EXTRACT spelled as a call
