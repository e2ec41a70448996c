from decimal import Decimal

import pytest

from config import spreadsheets


class TestHarmless:
    @pytest.mark.parametrize("text", ["=1+1", "==1", "+61 2", "-1", "@SUM(A1)", "\t=1", " =1", "\r1"])
    def test_keeps_text_from_becoming_a_formula(self, text):
        assert spreadsheets.harmless(text) == f"'{text}"

    @pytest.mark.parametrize("value", ["THC 24 Myrtle 10g", "< 1 %", "", None, 7, Decimal("-1.50")])
    def test_leaves_everything_else_alone(self, value):
        assert spreadsheets.harmless(value) == value

    def test_leaves_out_what_no_workbook_can_hold(self):
        assert spreadsheets.harmless("Oil\x0b30mL") == "Oil30mL"


class TestAsItWas:
    @pytest.mark.parametrize("text", ["=1+1", "'=1", "''=1", "'Cool", "' =1", "\t1", "-", "", "Oil", "'"])
    def test_takes_back_what_was_put_in_front(self, text):
        assert spreadsheets.as_it_was(spreadsheets.harmless(text)) == text
