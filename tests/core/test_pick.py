"""The hot path's reading of a record equals the plain one."""

from hypothesis import given
from hypothesis import strategies as st

from core.clock import FOREVER, NEVER
from core.pick import pick
from core.record import Held, Record, Run, pack_record, unpack_record

TIMES = st.integers(-(10**15), 10**16)
RUNS = st.builds(
    Run, TIMES, st.one_of(st.just(NEVER), TIMES), st.booleans(), st.booleans(), st.binary(max_size=40), st.binary(max_size=20)
)
HELD = st.builds(Held, TIMES, st.integers(0, 2**47), st.binary(max_size=20))


def _agrees(record: Record, packed: bytes, clock: int) -> None:
    run, as_of = unpack_record(packed).run_at(clock)
    failed, layout, newest, exists, any_event, picked_as_of, offset = pick(packed, clock)
    assert (failed, layout, picked_as_of) == (record.failed, record.layout, as_of)
    assert (newest, exists, any_event) == (run.newest, run.exists, run.any_event)
    assert packed[offset : offset + len(run.values)] == run.values


@given(
    st.lists(RUNS, min_size=1, max_size=3),
    st.one_of(st.just(FOREVER), TIMES),
    st.lists(HELD, max_size=3),
    st.booleans(),
    TIMES,
    st.data(),
)
def test_it_picks_the_run_that_the_record_picks(runs, end, held, failed, clock, data):
    runs.sort(key=lambda r: r.valid_from)
    record = Record(2**40 + 3, 2, tuple(runs), end, tuple(held), failed)
    edges = [clock, end, *(r.valid_from for r in runs)]
    clock = data.draw(st.sampled_from(edges)) + data.draw(st.integers(-1, 1))
    _agrees(record, pack_record(record), clock)


@given(TIMES, st.booleans(), st.booleans(), st.binary(max_size=40), TIMES)
def test_it_picks_from_a_plain_record(newest, exists, failed, values, clock):
    record = Record(5, 1, (Run(NEVER, newest, exists, True, values),), failed=failed)
    _agrees(record, pack_record(record, plain=True), clock)
