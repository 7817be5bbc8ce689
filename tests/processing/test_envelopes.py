"""The forms of a body."""

from __future__ import annotations

import pytest

from core.errors import Invalid, TooLarge
from core.strict_json import Malformed
from processing.envelopes import MOST_ROWS, open_document, open_lines

ROW = {"user_id": "u"}


@pytest.mark.parametrize(
    ("document", "rows", "address", "transformation"),
    [
        (ROW, [ROW], None, None),
        ([ROW, ROW], [ROW, ROW], None, None),
        ([], [], None, None),
        ({"events": [ROW]}, [ROW], None, None),
        ({"data": [ROW]}, [ROW], None, None),
        ({"feature_group": "g", "data": [ROW]}, [ROW], "g", None),
        ({"feature_group": "g", "data": [ROW], "transformation": "SELECT 1"}, [ROW], "g", "SELECT 1"),
        ({"feature_group": None, "data": [ROW], "transformation": None}, [ROW], None, None),
        # an envelope only where `events` or `data` is a list: these are rows with columns of that name
        ({"events": 3, "user_id": "u"}, [{"events": 3, "user_id": "u"}], None, None),
        ({"data": {"a": 1}}, [{"data": {"a": 1}}], None, None),
        ({"feature_group": "g", "user_id": "u"}, [{"feature_group": "g", "user_id": "u"}], None, None),
    ],
)
def test_each_form(document, rows, address, transformation):
    found = open_document(document)
    assert (list(found.rows), found.address, found.transformation) == (rows, address, transformation)


@pytest.mark.parametrize("document", [None, 1, "row", True])
def test_what_is_neither_object_nor_list(document):
    with pytest.raises(Invalid, match="not_an_object"):
        open_document(document)


@pytest.mark.parametrize(("bad", "code"), [({"feature_group": 1}, "unknown_group"), ({"transformation": ["x"]}, "sql_syntax")])
def test_group_and_sql_are_text(bad, code):
    with pytest.raises(Invalid, match=code):
        open_document({"data": [ROW], **bad})


def test_ten_thousand_rows_and_no_more():
    assert len(open_document([ROW] * MOST_ROWS).rows) == MOST_ROWS
    for document in ([ROW] * (MOST_ROWS + 1), {"data": [ROW] * (MOST_ROWS + 1)}):
        with pytest.raises(TooLarge):
            open_document(document)
    with pytest.raises(TooLarge):
        open_lines(b"{}\n" * (MOST_ROWS + 1))


def test_lines_each_stand_for_themselves():
    found = open_lines(b'{"a": 1}\r\n\n  \n{"a": }\n{"a": 1, "a": 2}\n{"a": 3}')
    assert [row.code if isinstance(row, Malformed) else row for row in found.rows] == [
        {"a": 1},
        "invalid_json",
        "duplicate_key",
        {"a": 3},
    ]
    assert found.raw is not None
    assert [bytes(line).strip() for line in found.raw] == [b'{"a": 1}', b'{"a": }', b'{"a": 1, "a": 2}', b'{"a": 3}']


def test_no_lines_are_no_rows():
    assert list(open_lines(b"\n \n").rows) == []
