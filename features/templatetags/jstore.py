"""What the pages' templates need: icons, tones of a status, times, values and highlighted SQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from features.highlight import highlight
from features.labels import TONES, label

register = template.Library()
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """One icon of the sprite; it says nothing to a screen reader, the text beside it does."""
    shape = '<svg class="icon {}" aria-hidden="true" viewBox="0 0 24 24"><use href="{}#{}"></use></svg>'
    return format_html(shape, classes, static("jstore/icons.svg"), name)


@register.simple_tag
def pill(code: str | None) -> SafeString:
    """A status, a path or a kind as a coloured label in the reader's language."""
    return format_html('<span class="pill tone-{}">{}</span>', TONES.get(str(code), "mute"), label(code))


@register.filter
def tone(code: str) -> str:
    """Colour of a status: ok, warn, bad, info or mute."""
    return TONES.get(str(code), "mute")


@register.filter
def letter_tone(code: str) -> str:
    """Colour of a dead letter's code: bad where the row is lost until somebody corrects it."""
    return TONES.get(code, "bad")


@register.filter(name="label")
def label_filter(code: str | None) -> str:
    """The words for a machine code; a code without any is shown as it is."""
    return label(code)


def moment(value: object) -> datetime | None:
    """A time of any of the shapes the layers below use: datetime, int µs since 1970, or RFC 3339 text."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return EPOCH + value * MICROSECOND
    if isinstance(value, str) and value:
        return datetime.fromisoformat(value)
    return None


@register.filter
def when(value: object) -> SafeString | str:
    """Exact UTC time, to the second, in the reader's own format."""
    at = moment(value)
    if at is None:
        return "–"
    at = at.astimezone(UTC)
    words = f"{date_format(at, 'SHORT_DATE_FORMAT')} {at:%H:%M:%S}"
    return format_html('<time datetime="{}" class="tabular-nums whitespace-nowrap">{}</time>', at.isoformat(), words)


@register.filter
def plain_time(value: object) -> str:
    """Exact UTC time as plain text, where no tags may stand (an SVG title)."""
    at = moment(value)
    return "–" if at is None else f"{date_format(at.astimezone(UTC), 'SHORT_DATE_FORMAT')} {at.astimezone(UTC):%H:%M:%S} UTC"


@register.filter
def ago(value: object) -> SafeString | str:
    """How long ago, with the exact time as its title."""
    at = moment(value)
    if at is None:
        return "–"
    exact = plain_time(at)
    seconds = (timezone.now() - at).total_seconds()
    if abs(seconds) < 60:
        words = _("just now")
    elif seconds < 0:
        words = _("in %(time)s") % {"time": timesince(timezone.now(), at, depth=1)}
    else:
        words = _("%(time)s ago") % {"time": timesince(at, depth=1)}
    return format_html('<time datetime="{}" title="{}" class="whitespace-nowrap">{}</time>', at.isoformat(), exact, words)


@register.filter
def took(run: Any) -> str:
    """Length of a run in seconds or minutes; of one still going, so far."""
    if run.started_at is None:
        return "–"
    seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
    if seconds < 60:
        return f"{number_format(seconds, 1)} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


@register.filter
def shown(value: object) -> str:
    """A feature's value as text: numbers with at most 6 decimals, lists and objects as JSON, NULL as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return number_format(value, use_l10n=True, force_grouping=True)
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0").rstrip(".") if 1e-4 <= abs(value) < 1e15 or value == 0 else f"{value:.6g}"
        decimals = len(text.partition(".")[2]) if "e" not in text else 0
        return number_format(value, decimals, use_l10n=True, force_grouping=True) if "e" not in text else text
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


@register.filter
def short(value: float) -> str:
    """A number for the label of a chart: two decimals, or four digits where it is small."""
    return shown(round(value, 2)) if abs(value) >= 1 or value == 0 else shown(float(f"{value:.4g}"))


@register.filter
def percent(value: float | None) -> int:
    """A fraction as whole percents, for progress bars."""
    return round(100 * (value or 0))


@register.filter
def sql(text: str) -> SafeString:
    """SQL with its keywords, functions, strings, numbers and comments marked."""
    return highlight(text)
