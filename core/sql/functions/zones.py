"""Times of UTC seen on the clocks of a place, with its summer times, and back."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.casts import BadCast
from core.sql.functions.row import row
from core.sql.pieces import Sql
from core.sql.refusal import near
from core.sql.types import TIMESTAMP

# Places whose clocks both engines know by these names.
_PLACES = {
    "Africa": ("Cairo Johannesburg Lagos Nairobi"),
    "America": (
        "Anchorage Argentina/Buenos_Aires Asuncion Belem Bogota Caracas Chicago Denver Fortaleza Halifax La_Paz "
        "Lima Los_Angeles Manaus Mexico_City Montevideo New_York Noronha Panama Phoenix Puerto_Rico Recife Rio_Branco "
        "Santiago Sao_Paulo St_Johns Toronto "
    ),
    "Asia": (
        "Almaty Baghdad Bangkok Beirut Colombo Dhaka Dubai Ho_Chi_Minh Hong_Kong Jakarta Jerusalem Karachi Kathmandu "
        "Kolkata Kuala_Lumpur Kuwait Manila Qatar Riyadh Seoul Shanghai Singapore Taipei Tashkent Tokyo"
    ),
    "Atlantic": ("Azores Reykjavik"),
    "Australia": ("Adelaide Brisbane Darwin Melbourne Perth Sydney"),
    "Europe": (
        "Amsterdam Athens Belgrade Berlin Brussels Bucharest Budapest Copenhagen Dublin Helsinki Istanbul Kiev Lisbon "
        "London Madrid Moscow Oslo Paris Prague Riga Rome Sofia Stockholm Vienna Warsaw Zurich"
    ),
    "Pacific": ("Auckland Honolulu"),
}
NAMES = frozenset(["UTC", *(f"{part}/{place}" for part, places in _PLACES.items() for place in places.split())])


def _zone(arg: Sql) -> str:
    name = str(arg.literal)
    if name not in NAMES:
        raise BadCast(f"{name[:40]!r} is no time zone known here, such as America/Sao_Paulo{near(name, NAMES)}")
    return f"'{name}'"


def _shown(text: str, zone: str, dialect: str) -> str:
    if dialect == "spark":
        return f"FROM_UTC_TIMESTAMP({text}, {zone})"
    return f"TIMEZONE({zone}, TIMEZONE('UTC', {text}))"


def _read(text: str, zone: str, dialect: str) -> str:
    """Of two times that a clock shows alike, when summer ends, the first, as Java has it; ICU has the second."""
    if dialect == "spark":
        return f"TO_UTC_TIMESTAMP({text}, {zone})"
    before = "(z.u - INTERVAL '3' HOUR)"
    first = f"(z.t - ({_shown(before, zone, dialect)} - {before}))"
    chosen = f"CASE WHEN {first} < z.u AND {_shown(first, zone, dialect)} = z.t THEN {first} ELSE z.u END"
    second = pieces.let({"t": text}, f"struct_pack(t := z.t, u := TIMEZONE('UTC', TIMEZONE({zone}, z.t)))", dialect)
    return f"LIST_TRANSFORM([{second}], lambda z: {chosen})[1]"


def _from_utc(args: Sequence[Sql], dialect: str) -> str:
    return _shown(args[0].text, _zone(args[1]), dialect)


def _to_utc(args: Sequence[Sql], dialect: str) -> str:
    return _read(args[0].text, _zone(args[1]), dialect)


def _converted(args: Sequence[Sql], dialect: str) -> str:
    *start, end, time = args
    text = _read(time.text, _zone(start[0]), dialect) if start else time.text
    return _shown(text, _zone(end), dialect)


ROWS = [
    *row("CONVERT_TIMEZONE", "'' timestamp", TIMESTAMP, _converted, note="from UTC to the clocks of a place"),
    *row("CONVERT_TIMEZONE", "'' '' timestamp", TIMESTAMP, _converted, note="from the clocks of one place to those of another"),
    *row("FROM_UTC_TIMESTAMP", "timestamp ''", TIMESTAMP, _from_utc, note="what the clocks of a place show at a time of UTC"),
    *row("TO_UTC_TIMESTAMP", "timestamp ''", TIMESTAMP, _to_utc, note="the time of UTC at which they show it"),
]
