"""Who gets which rows next."""

from __future__ import annotations

from core.record import WHOLE, Cursor
from processing.batches import plan
from tests.processing.specs import group

A, B, C = (group(name) for name in "abc")


def behind(spec, **positions):
    cursors = {int(bucket[1:]): Cursor(1, position, 0, WHOLE, 0, 0) for bucket, position in positions.items()}
    return spec, spec.current, cursors


def shown(planned):
    return [
        (batch.after, batch.upto, [(target.spec.name, sorted(target.cursors)) for target in batch.targets])
        for batch in planned.batches
    ]


def test_nobody_is_behind():
    planned = plan([behind(A, b0=50)], 50, 100)
    assert (shown(planned), planned.more, planned.furthest) == ([], False, 50)


def test_all_at_one_position_move_together_to_the_head_or_as_far_as_a_batch_goes():
    planned = plan([behind(A, b0=10, b1=10), behind(B, b0=10)], 50, 100)
    assert shown(planned) == [(10, 50, [("a", [0, 1]), ("b", [0])])]
    assert (planned.more, planned.furthest) == (False, 10)
    assert shown(plan([behind(A, b0=10)], 500, 100)) == [(10, 110, [("a", [0])])]
    assert plan([behind(A, b0=10)], 500, 100).more


def test_a_straggler_catches_up_to_the_others_and_joins_them():
    planned = plan([behind(A, b0=100), behind(B, b0=40)], 130, 100)
    assert shown(planned) == [(100, 130, [("a", [0])]), (40, 100, [("b", [0])])]
    assert (planned.more, planned.furthest) == (True, 40)


def test_with_many_stragglers_those_in_front_and_those_at_the_back_go_on():
    planned = plan([behind(A, b0=5, b1=60), behind(B, b0=30), behind(C, b0=90)], 100, 1000)
    assert shown(planned) == [(90, 100, [("c", [0])]), (5, 30, [("a", [0])])]
    assert planned.more


def test_a_straggler_alone_does_not_wait_for_those_at_the_head():
    assert shown(plan([behind(A, b0=50), behind(B, b0=40)], 50, 100)) == [(40, 50, [("b", [0])])]


def test_stragglers_catch_up_in_smaller_steps_than_those_in_front():
    planned = plan([behind(A, b0=1000), behind(B, b0=0)], 5000, 3000, 200)
    assert shown(planned) == [(1000, 4000, [("a", [0])]), (0, 200, [("b", [0])])]
