"""Times sent as numbers."""

from __future__ import annotations

from core.clock import MICRO

# Microseconds in one unit of each numeric time kind.
UNIT_US = {"EPOCH_S": MICRO, "EPOCH_MS": 1000}


def epoch_us(value: object, unit_us: int) -> int | None:
    """A number of units of `unit_us` microseconds -> microseconds, floored; None for anything but a finite number.

    A float means the digits that were sent, not the binary fraction beside them: 1700000000.1 s ends in 100000 us.
    """
    if type(value) is int:
        return value * unit_us
    if type(value) is float and value - value == 0:
        return _floor(repr(value), unit_us)
    return None


def _floor(text: str, unit_us: int) -> int:
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    shift = int(exponent or 0) - len(fraction)
    digits, power = int(whole + fraction) * unit_us, int(10 ** abs(shift))
    return digits * power if shift >= 0 else digits // power
