"""The status rules against a slow reference that reads api.md's sentences one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backends.online.published import Published
from core.clock import FOREVER, NEVER
from core.codec import Block
from core.record import REBUILDING, WHOLE, Cursor, Record, Run, pack_record
from serving.plan import plan_of
from serving.rows import Wishes, judge, status_of
from tests.serving import world

CLOCK = 1_800_000_000_000_000
AGES = st.one_of(st.sampled_from([0, 1, 19_999_999, 20_000_000, 20_000_001, 60_000_000]), st.integers(0, 10**9))
VALUES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
_stamps = iter(range(1, 10**9))


@st.composite
def records(draw):
    """One record, or none: a run that holds now and maybe one to come."""
    if draw(st.booleans()) and draw(st.booleans()):
        return None
    valid_from = CLOCK - draw(AGES)
    exists = draw(st.booleans())
    newest = CLOCK - draw(AGES) if exists else NEVER
    values = Block(("DOUBLE", "DOUBLE")).pack([draw(VALUES), draw(VALUES)]) if exists else b""
    runs = [Run(valid_from, newest, exists, exists or draw(st.booleans()), values)]
    end = draw(st.one_of(st.just(FOREVER), AGES.map(lambda age: CLOCK + 1 - age)))
    return Record(1, 0, tuple(runs), max(end, valid_from + 1), failed=draw(st.booleans()))


CURSORS = st.one_of(
    st.none(), st.builds(lambda age, state: Cursor(1, 1, CLOCK - age, state, 1, 1), AGES, st.sampled_from([WHOLE, REBUILDING]))
)


def reference(record, cursor, ttl, max_age, defaults):
    """-> [(value, status)] of two features."""
    known_late = cursor is None or cursor.state == REBUILDING or CLOCK - cursor.equal_at > 20_000_000
    if record is None:
        return [(None, "STALE")] * 2 if known_late else [(default, "NOT_FOUND") for default in defaults]
    run = record.runs[0]
    as_of = min(CLOCK, record.end - 1) if record.end - 1 >= run.valid_from else run.valid_from
    as_of = max(as_of, run.valid_from)
    in_doubt = known_late or record.failed or as_of < CLOCK - 20_000_000
    row = Block(("DOUBLE", "DOUBLE")).unpack(run.values) if run.exists else [None, None]
    expired = run.exists and ttl is not None and as_of - run.newest > ttl
    if in_doubt:
        return [(None if expired else value, "STALE") for value in row]
    if not run.exists:
        return [(default, "EMPTY_WINDOW" if run.any_event else "NOT_FOUND") for default in defaults]
    if expired:
        return [(None, "EXPIRED")] * 2
    if max_age is not None and as_of - run.newest > max_age:
        return [(value, "STALE") for value in row]
    return [(value, "NULL" if value is None else "PRESENT") for value in row]


@settings(max_examples=400, deadline=None)
@given(
    records(), CURSORS, st.one_of(st.none(), st.integers(0, 100)), st.one_of(st.none(), AGES), st.booleans(), st.integers(0, 1)
)
def test_each_status_is_as_the_rules_say(record, cursor, ttl, max_age, with_defaults, data_times):
    """`data_times`: one entity, or a hundred, which are read column by column where they can be."""
    defaults = {"a": 0.0} if with_defaults else {}
    version = world.version(outputs={"a": "DOUBLE", "b": "DOUBLE"}, ttl=ttl, defaults=defaults)
    known = Published(next(_stamps), {"g": world.group("g", version)})
    part = plan_of("default", known, ("g",)).parts[0]
    data = None if record is None else pack_record(record)
    times = data_times * 99 + 1
    rows = judge(part, [data] * times, [3] * times, {(version.code, 3): cursor}, Wishes(CLOCK, max_age))
    found = [(column[times - 1], status_of(rows.statuses[0], column[times - 1])) for column in rows.columns]
    want = reference(record, cursor, None if ttl is None else ttl * 1_000_000, max_age, [defaults.get("a"), None])
    assert found == want
    if record is not None and not record.runs[0].exists:
        assert rows.newest == [None] * times
