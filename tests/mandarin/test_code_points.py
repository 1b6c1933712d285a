"""One number a character, whatever the character is."""

from mandarin.code_points import TABLE_SIZE, code_points


def test_each_character_is_its_code_point() -> None:
    text = "保a\U00020000\ud800"
    assert code_points(text).tolist() == [ord(char) for char in text]


def test_a_table_knows_the_highest_code_point() -> None:
    assert code_points("\U0010ffff")[0] == TABLE_SIZE - 1


def test_an_empty_text_has_none() -> None:
    assert code_points("").shape == (0,)
