"""SQL as marked HTML."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from features.highlight import highlight
from tests.pages.reading import found


def plain(marked: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", marked))


def test_each_kind_of_word_is_marked():
    marked = highlight(
        "SELECT user_id, SUM(amount) AS total -- all of it\nFROM input_data WHERE kind = 'a' AND n > 1.5 GROUP BY user_id"
    )
    for kind, words in (
        ("keyword", "SELECT"),
        ("keyword", "GROUP BY"),
        ("keyword", "AND"),
        ("function", "SUM"),
        ("string", "&#x27;a&#x27;"),
        ("number", "1.5"),
    ):
        assert f'<span class="tok-{kind}">{words}</span>' in marked
    assert "-- all of it" in found(r'tok-comment">([^<]*)<', marked)
    assert "user_id, " in marked


def test_a_type_is_no_function():
    assert '<span class="tok-type">DECIMAL</span>(12' in highlight("SELECT CAST(x AS DECIMAL(12, 2))").replace(
        '<span class="tok-number">12</span>', "12"
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_whatever_it_is_given_comes_back_whole_and_escaped(text):
    marked = highlight(text)
    assert plain(marked) == text
    assert set(re.findall(r"<[^>]*>", marked)) <= {
        "</span>",
        *(f'<span class="tok-{kind}">' for kind in ("keyword", "function", "string", "number", "comment", "type")),
    }
