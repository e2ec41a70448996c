import pytest

from catalog.sheets import numbers


class TestShown:
    @pytest.mark.parametrize(
        ("value", "look", "text"),
        [
            (0.17, "0%", "17%"),
            (0.175, "0%", "18%"),
            (0.083, "0.00%", "8.3%"),
            (0.031, "0.0%", "3.1%"),
            (0.1 + 0.2, "0%", "30%"),
            (94.0, '"$"#,##0', "$94"),
            (1049.0, '"$"#,##0.00', "$1,049.00"),
            (48.64, r'"$"#,##0.00;[Red]\-"$"#,##0.00', "$48.64"),
            (49.0, r'_-"$"* #,##0.00_-;\-"$"* #,##0.00_-;_-"$"* "-"??_-;_-@_-', "$49.00"),
            (12.5, "[$$-C09]#,##0.00", "$12.50"),
            (25.0, '0" mg/mL"', "25 mg/mL"),
            (10.0, r"0\g", "10g"),
            (606795164226.0, "0000000000000", "0606795164226"),
            (0.5, "[Red]0.0", "0.5"),
            (7.0, "#", "7"),
        ],
    )
    def test_writes_what_the_cell_shows(self, value, look, text):
        assert numbers.shown(value, look) == text

    @pytest.mark.parametrize(
        ("value", "look"),
        [
            (45000.0, "dd/mm/yyyy"),
            (0.5, "[h]:mm"),
            (1e12, "0.00E+00"),
            (0.5, "# ?/?"),
            (5.0, "General"),
            (5.0, ""),
            (-5.0, "0%"),
            (5.0, "@"),
        ],
    )
    def test_says_nothing_of_other_looks(self, value, look):
        assert numbers.shown(value, look) == ""


@pytest.mark.parametrize(
    ("value", "text", "is_other"),
    [
        (0.17, "17%", False),
        (0.1 + 0.2, "30%", False),
        (0.174, "17%", True),
        (0.17, "0.17%", False),
        (1049.0, "$1,049.00", False),
        (47.5, "$48", True),
        (5.0, "five", False),
    ],
)
def test_differs_when_digits_are_hidden(value, text, is_other):
    assert numbers.differs(value, text) is is_other
