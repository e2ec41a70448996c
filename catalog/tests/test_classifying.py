from decimal import Decimal

import pytest

from catalog import classifying

D = Decimal

# TGA medicinal cannabis categories: (cbd, thc, other) and what they make.
VECTORS = [
    ("100", "1", "0", 1, "S4"),
    ("98", "2", "0", 1, "S4"),
    ("97.9", "2.1", "0", 2, "S8"),
    ("20", "10", "0", 2, "S8"),
    ("60", "40", "0", 2, "S8"),
    ("59.9", "40.1", "0", 3, "S8"),
    ("50", "50", "0", 3, "S8"),
    ("40", "60", "0", 3, "S8"),
    ("39.9", "60.1", "0", 4, "S8"),
    ("10", "25", "0", 4, "S8"),
    ("2", "98", "0", 4, "S8"),
    ("1", "220", "0", 5, "S8"),
    ("10", "20", "70", None, ""),
    ("0", "100", "0", 5, "S8"),
]


class TestCategory:
    @pytest.mark.parametrize(("cbd", "thc", "other", "expected", "schedule"), VECTORS)
    def test_follows_the_shares(self, cbd, thc, other, expected, schedule):
        found = classifying.category(thc=D(thc), cbd=D(cbd), other=D(other))

        assert (found, classifying.schedule(found)) == (expected, schedule)

    def test_does_not_round(self):
        # 97.999999 % would become 98 % with four digits, and Schedule 4 with it.
        assert classifying.category(thc=D("2.000001"), cbd=D("97.999999")) == 2

    def test_nothing_in_it_is_nothing_known(self):
        assert classifying.category(thc=D(0), cbd=D(0)) is None


class TestPossible:
    @pytest.mark.parametrize(
        ("thc", "cbd", "expected"),
        [
            (("=", "27"), None, {5}),
            (("=", "27"), ("<", "1"), {4, 5}),
            (("<", "1"), ("=", "17"), {1, 2}),
            (("<=", "1"), ("=", "100"), {1}),
            (("=", "25"), ("=", "25"), {3}),
            (("=", "10"), ("<", "30"), {2, 3, 4, 5}),
        ],
    )
    def test_holds_every_category_the_bounds_leave_open(self, thc, cbd, expected):
        stated = {"THC": thc, "CBD": cbd}
        amounts = {name: (bound[0], D(bound[1])) for name, bound in stated.items() if bound}

        assert classifying.possible(amounts) == expected

    def test_counts_every_declared_cannabinoid(self):
        amounts = {"THC": ("=", D(800)), "CBN": ("<", D(50)), "CBG": ("<", D(50))}

        assert classifying.possible(amounts) == {4, 5}

    def test_is_empty_where_a_mixture_has_no_category(self):
        assert classifying.possible({"CBG": ("=", D(10))}) == frozenset()

    def test_is_empty_when_nothing_is_stated(self):
        assert classifying.possible({}) == frozenset()

    def test_is_empty_when_the_bounds_are_too_many_to_look_at(self):
        amounts = {f"C{n}": ("<", D(1)) for n in range(classifying.MOST_BOUNDS + 1)}

        assert classifying.possible({"THC": ("=", D(900))} | amounts) == frozenset()


class TestStrictest:
    def test_is_the_highest_category(self):
        assert classifying.strictest({1, 2}) == 2

    def test_is_nothing_of_nothing(self):
        assert classifying.strictest(frozenset()) is None
