"""The shipped parse tables and the words they reserve."""

from segrules.lang.tables import are_fresh, keywords, load_parser, reserved_words


def test_tables_are_those_of_the_grammar() -> None:
    assert are_fresh(), "say `python -m segrules.lang.tables`"


def test_reserved_words_are_words_of_the_language() -> None:
    reserved = reserved_words()
    assert {"when", "otherwise", "and", "or", "not", "count"} <= set(reserved)
    assert not {"goal", "owner", "region", "spend"} & set(reserved)
    assert len(keywords()) > 50
    assert load_parser() is load_parser()
