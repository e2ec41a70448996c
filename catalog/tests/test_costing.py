from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import costing
from catalog.costing import NotComputable, Pack, Rate, Strength
from catalog.models.measures import MEASURES, PackUnit

D = Decimal
amounts = st.decimals(min_value="0.0001", max_value="99999", places=4)


def thc(value, unit, basis="", op="="):
    return Strength("THC", op, value if value is None else D(value), unit, basis)


class TestMilligrams:
    @pytest.mark.parametrize(
        ("strength", "pack", "mg"),
        [
            (thc("22", "%", "weight"), Pack(D(10), "g"), 2200),
            (thc("22", "%", "weight"), Pack(D(500), "mg"), 110),
            (thc("220", "mg/g", "weight"), Pack(D(10), "g"), 2200),
            (thc("25", "mg/mL", "volume"), Pack(D(30), "mL"), 750),
            (thc("5", "mg", "unit"), Pack(D(30), "gummy"), 150),
            (thc("100", "mg", "container"), Pack(D(30), "mL"), 100),
            (thc("100", "mg", "container"), Pack(), 100),
            (thc("0", "%", "weight"), Pack(D(10), "g"), 0),
        ],
    )
    def test_are_those_of_the_whole_pack(self, strength, pack, mg):
        assert costing.milligrams(strength, pack) == mg

    @pytest.mark.parametrize(
        ("strength", "pack", "why"),
        [
            (thc(None, ""), Pack(D(10), "g"), "THC is not told."),
            (
                thc("1", "%", "weight", "<"),
                Pack(D(10), "g"),
                "THC is told as a bound only, not as an amount.",
            ),
            (
                thc("1", "%", "weight", "<="),
                Pack(D(10), "g"),
                "THC is told as a bound only, not as an amount.",
            ),
            (
                thc("22", "%", "weight"),
                Pack(D(10), "mL"),
                "THC is told of the weight, and the pack is not told in grams.",
            ),
            (
                thc("22", "mg/g", "weight"),
                Pack(),
                "THC is told of the weight, and the pack is not told in grams.",
            ),
            (
                thc("25", "mg/mL", "volume"),
                Pack(D(10), "g"),
                "THC is told per mL, and the pack is not told in mL.",
            ),
            (
                thc("5", "mg", "unit"),
                Pack(D(30), "mL"),
                "THC is told per piece, and how many pieces there are is not.",
            ),
            (thc("5", "mg"), Pack(D(30), "gummy"), "It is not told of what THC is so many mg."),
        ],
    )
    def test_are_refused_where_the_facts_do_not_give_them(self, strength, pack, why):
        with pytest.raises(NotComputable) as refusal:
            costing.milligrams(strength, pack)
        assert str(refusal.value) == why


class TestPerMilligram:
    @given(price=amounts, percent=amounts, grams=amounts)
    def test_is_the_price_shared_among_the_milligrams(self, price, percent, grams):
        rate = costing.per_milligram(price, [thc(percent, "%", "weight")], Pack(grams, "g"))

        exact = Fraction(price) / (Fraction(percent) * 10 * Fraction(grams))
        assert abs(Fraction(rate.dollars) / exact - 1) < Fraction(1, 10**20)

    @given(price=amounts, value=amounts, size=amounts)
    def test_is_the_same_in_per_cent_as_in_mg_per_gram(self, price, value, size):
        pack = Pack(size, "g")

        assert costing.per_milligram(price, [thc(value, "%", "weight")], pack) == costing.per_milligram(
            price, [thc(value * 10, "mg/g", "weight")], pack
        )

    @given(price=amounts, first=amounts, second=amounts, size=amounts)
    def test_of_two_together_is_never_more_than_of_one(self, price, first, second, size):
        one, other = thc(first, "mg/mL", "volume"), Strength("CBD", "=", second, "mg/mL", "volume")
        pack = Pack(size, "mL")

        assert (
            costing.per_milligram(price, [one, other], pack).dollars
            <= costing.per_milligram(price, [one], pack).dollars
        )

    def test_is_not_computed_from_a_bound_of_any_of_them(self):
        told = [thc("22", "%", "weight"), Strength("CBD", "<", D(1), "%", "weight")]

        with pytest.raises(NotComputable, match="CBD is told as a bound only"):
            costing.per_milligram(D(90), told, Pack(D(10), "g"))

    @pytest.mark.parametrize(
        ("price", "value", "why"), [(D(90), "0", "There is none in it."), (None, "22", "There is no price.")]
    )
    def test_needs_a_price_and_something_in_it(self, price, value, why):
        with pytest.raises(NotComputable, match=why):
            costing.per_milligram(price, [thc(value, "%", "weight")], Pack(D(10), "g"))


class TestPerMeasure:
    @given(price=amounts, size=amounts, unit=st.sampled_from([*PackUnit]))
    def test_times_the_pack_is_the_price(self, price, size, unit):
        rate = costing.per_measure(price, Pack(size, unit))

        packs = size / 1000 if unit == "mg" else size
        assert rate.unit == ("g" if unit == "mg" else unit)
        assert abs(rate.dollars * packs / price - 1) < D("1e-20")

    def test_is_told_per_gram_millilitre_or_piece(self):
        assert costing.per_measure(D(90), Pack(D(30), "mL")) == Rate(D(3), "mL")
        assert {"g", "mL", "mg"} == {*MEASURES}

    def test_needs_a_pack(self):
        with pytest.raises(NotComputable, match="The size of the pack is not told"):
            costing.per_measure(D(90), Pack())
