"""Names, titles, references."""

from __future__ import annotations

import pytest

from core.errors import Invalid, NotFound
from core.names import Ref, machine_name, parse_ref


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("g", Ref("g")),
        ("g:total", Ref("g", None, "total")),
        ("g@2", Ref("g", 2)),
        ("g_1@12:Total_1h", Ref("g_1", 12, "Total_1h")),
    ],
)
def test_references(text, ref):
    assert parse_ref(text) == ref


@pytest.mark.parametrize(
    "text", ["", "G", "1g", "g@", "g@0", "g@01", "g@-1", "g:", "g:1x", "g@2:a:b", "g\n", "é", "g" * 64, "g@" + "9" * 10]
)
def test_what_is_no_reference_names_nothing(text):
    with pytest.raises(NotFound):
        parse_ref(text)


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("user_metrics", "user_metrics", "user_metrics"),
        ("Customer Metrics", "customer_metrics", "Customer Metrics"),
        ("  Ticket médio (R$)  ", "ticket_medio_r", "Ticket médio (R$)"),
        ("Ação--2", "acao_2", "Ação--2"),
    ],
)
def test_a_title_gives_a_name(text, name, title):
    assert machine_name(text) == (name, title)


@pytest.mark.parametrize("text", ["", "123", "日本", "a\u0000b", "a\u200bb", "x" * 201, "A" * 64, "___"])
def test_what_gives_no_name(text):
    with pytest.raises(Invalid) as caught:
        machine_name(text)
    assert (caught.value.code, caught.value.pointer) == ("invalid_name", "/name")
