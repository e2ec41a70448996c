"""How directions are read: what is understood, and that nothing is passed over."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import construing

# Directions, the most in a day, its unit.
READ = [
    ("Take 0.25 mL by mouth at night.", "0.25", "mL"),
    ("Take 1 mL by mouth twice a day.", "2", "mL"),
    ("Take 1 capsule three times a day with food", "3", "capsule"),
    ("Take 0.25 mL in the morning and 0.5 mL at night.", "0.75", "mL"),
    ("Take 1 mL morning and night", "2", "mL"),
    ("Take 0.5 mL in the morning, at noon and at night", "1.5", "mL"),
    ("Take 0.5 mL twice a day, in the morning and at night", "1", "mL"),
    ("Take 1 mL once in the morning and once at night", "2", "mL"),
    ("Inhale 0.1 g up to 3 times a day as needed", "0.3", "g"),
    ("Inhale 100 mg every 6 hours", "400", "mg"),
    ("Take 1 to 2 capsules at bedtime", "2", "capsule"),
    ("Take 1/2 a tablet nocte", "0.5", "tablet"),
    ("1 mL bd", "2", "mL"),
    ("1 mL tds", "3", "mL"),
    ("1 mL qid", "4", "mL"),
    ("Take one or two tablets every 4 to 6 hours, maximum 8 tablets in 24 hours", "8", "tablet"),
    ("Take 0.25 mL at night; may increase to 0.5 mL after one week. No more than 1 mL a day.", "1", "mL"),
    ("Take 0.25 mL twice daily increasing to 1 mL three times daily", "3", "mL"),
    ("Take 0.5 mL by mouth twice a day; may increase to 1 mL", "2", "mL"),
    ("Increase to 1 mL at night after a week", "1", "mL"),
    ("Up to 1 g a day", "1", "g"),
    ("Take 2 gummies every second day", "1", "gummy"),
    ("Inhale 2 puffs twice a day", "4", "dose"),
    ("Take one capsule three times a day for five days.", "3", "capsule"),
    ("Take 1 mL half an hour before bed", "1", "mL"),
    ("1 capsule 4-6 hourly", "6", "capsule"),
    ("1 capsule 8 hourly", "3", "capsule"),
    ("Take 2 or 1 mL at night", "2", "mL"),
    ("Take 1 mL as needed, repeat after 1 hour, maximum 4 mL in 24 hours for 5 days", "4", "mL"),
    ("Take 1 mL in the evening & 1 mL at bedtime", "2", "mL"),
    ("Take 1 mL in the morning and in the evenings", "2", "mL"),
    ("Take 1 mL every morning and nightly", "2", "mL"),
    ("Take 1 mL at breakfast and tea", "2", "mL"),
    ("Take 1 mL at breakfast and supper", "2", "mL"),
    ("Take 1 mL on waking and at night", "2", "mL"),
    ("Take 1 mL am and pm", "2", "mL"),
    ("Take 1 mL at 8 am and at 8.30 pm", "2", "mL"),
    ("Take 1 mL in the morning before breakfast", "1", "mL"),
    ("Take 1 mL at night before bed", "1", "mL"),
    ("Take 1 mL at dinner, before bed", "2", "mL"),
    ("1 mL qds", "4", "mL"),
    ("Take 1 mL every week day", "1", "mL"),
    ("Take 1 mL once daily, at bedtime", "1", "mL"),
    ("Take 1 mL twice a day in the morning and at night", "2", "mL"),
    ("Take 1 mL twice at night, in the morning", "3", "mL"),
    ("Take 1 mL three times a day, as needed, for nerve pain", "3", "mL"),
    ("Take 1 mL\nin the morning\nand at night", "2", "mL"),
    ("Take 0.5 mL at night, up to 2 mL", "2", "mL"),
    ("Take 1 mL at night and up to 2 mL at noon", "3", "mL"),
    ("Start with 0.25 mL at night, increase to 0.5 mL after 3 days", "0.5", "mL"),
    ("Start with 0.1 mL at night, increase by 0.1 mL every 2 days, no more than 1 mL a day", "1", "mL"),
    ("Take 0.25 mL at night, increase to 0.5 mL in the morning and at night", "1.0", "mL"),
]  # fmt: skip
UNREAD = [
    "Take as directed.",
    "Take 1 mL.",
    "Take 0.5 mL, mixed into food",
    "Take 10 drops at night",
    "Take twice a day",
    "Take 1 mL in the morning and 2 capsules at night",
    "Take 1 mL or 2 mL 3 mL at night",
    "Take 5 mL every 0 hours",
    # A number that is not understood may make the dose larger.
    "Take 1 1/2 tablets at night",
    "Take 1½ tablets at night",
    "Take one and a half tablets at night",
    "Take a tablet and a half at night",
    "1 mL 3x daily",
    "1 mL thrice daily",
    "1 mL q6h, daily",
    "Inhale 1,000 mg daily",
    "2 x 1 mL at night",
    "Take twenty one mL at night",
    "Take twenty-one mL at night",
    "Take .5 mL at night",
    "Take 0,5 mL at night",
    "1 capsule mane and 2 nocte",
    "1 capsule mane and a few nocte",
    "1 capsule at night, or hourly",
    "0.5 mL at night. Repeat after 1 hour if needed",
    "0.5 mL at night and after 1 hour",
    "0.5 mL at night and an extra 0.5 mL if needed",
    # To what it grows is not said.
    "0.25 mL at night, increase by 0.25 mL every 3 days",
    "0.25 mL at night, increasing by 0.25 mL daily",
    "Take 0.25 mL at night, titrate to effect",
    "Take 0.25 mL at night, increasing weekly to 1 mL",
    "Take 0.25 mL in the morning and 0.5 mL at night, increase to 1 mL",
    # What looks like a limit is none, or not of everything.
    "1 mL twice a day, and up to 1 mL a day for breakthrough",
    "1 mL twice a day, and maximum 1 mL a day for breakthrough",
    "1 mL twice a day, up to 1 mL a day",
    "1 mL twice a day, maximum 1 mL a day",
    "No more than 1 mL a day for the first week, then 2 mL a day",
    "Maximum 1 mL a day and 2 at night",
    "Maximum 1 mL a day, then maximum 2 mL a day",
    "Take 1 mL at night, weekly review",
    "Take 2 capsules twice a day, no more than 1 mL a day",
    "Take 2 mL at night, no more than 1 mL a day",
    "1 mL twice a day, breakthrough: no more than 1 mL a day",
    # How often is said in two ways that may be two things.
    "Take 1 capsule every 12 hours and at bedtime",
    "Take 1 capsule twice daily and at bedtime",
    "Take 1 mL daily and at bedtime",
    "Take 1 mL every day and night",
    "1 mL BD, QDS if severe",
    "1 mL tds-qds",
    "Take 1 mL for 5 days a week",
    # A word that is not known may mean more.
    "Take 1 mL at night, more if needed",
    "Take 1 mL at night or as often as required",
    "Take 1 mL at night. Top up as needed",
    "Take 1 mL nocte and prn",
    "Take 1 mL at night; prn",
    "Take 1 mL at night, use freely",
    "Take 1 mL daily with each meal",
    "Take 1 mL daily with meals",
    "Take 1 mL every other night",
    "Start with 0.25 mL at night",
    "",
]


@pytest.mark.parametrize(("words", "amount", "unit"), READ)
def test_directions_are_read(words, amount, unit):
    assert construing.read(words) == construing.Daily(Decimal(amount), unit)


@pytest.mark.parametrize("words", UNREAD)
def test_what_is_not_said_is_not_guessed(words):
    assert construing.read(words) is None


def test_a_week_is_seven_days():
    assert round(construing.read("Take 1 wafer once a week").amount * 7, 9) == 1


amounts = st.decimals(min_value="0.01", max_value=100, places=2)
counts = st.integers(min_value=1, max_value=6)


@given(amounts, counts)
def test_a_dose_so_many_times_a_day_is_their_product(amount, times):
    assert construing.read(f"Take {amount} mL {times} times a day.") == construing.Daily(amount * times, "mL")


# What somebody may write besides; each may mean more, or nothing.
MORE = [
    "at night", "in the morning", "mornings", "with lunch", "at 3 pm", "bd", "qds", "twice a day", "daily",
    "every 4 hours", "hourly", "prn", "as needed", "more", "more if needed", "as often as needed", "top up",
    "repeat after 1 hour", "extra", "1 mL", "2 mL at night", "half a capsule", "a few drops", "double it",
    "with each meal", "increase to 2 mL", "increase to 3 times a day", "titrate to effect", "up to 3 mL",
    "up to 3 times a day", "for 5 days", "for pain", "every week day", "weekly", "once", "twice", "freely",
    "start with", "take", "use", "5", "½", "a", "or", "to",
]  # fmt: skip
SEPARATORS = [" ", ", ", "; ", ". ", " and ", ", and ", " then ", " or ", " & ", " + ", "\n", "-", "/"]
besides = st.lists(st.tuples(st.sampled_from(SEPARATORS), st.sampled_from(MORE)), min_size=1, max_size=3)


@given(st.sampled_from(READ), besides)
def test_whatever_is_written_besides_never_lowers_what_is_read(read, besides):
    words, amount, unit = read

    found = construing.read(words + "".join(map("".join, besides)))

    assert found is None or (found.amount >= Decimal(amount) and found.unit == unit)


@given(st.sampled_from(READ), st.from_regex(r"[a-z]{3,12}", fullmatch=True), st.sampled_from(SEPARATORS))
def test_an_unknown_word_leaves_the_whole_unread(read, word, separator):
    assert construing.read(f"{read[0]}{separator}xq{word}") is None


@given(st.text(max_size=200))
def test_no_words_break_the_reading(words):
    found = construing.read(words)

    assert found is None or found.amount >= 0
