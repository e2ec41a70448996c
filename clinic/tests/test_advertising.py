"""The advertising guard: which words it finds, and where."""

import pytest

from clinic import advertising
from clinic.models import AdvertisingTerm

pytestmark = pytest.mark.django_db


def found(text):
    return [(one.words, one.place, one.line) for one in advertising.found_in({"Text": text})]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ask us about medicinal cannabis.", ["cannabis"]),
        ("New: CANNABIS, now cheaper", ["cannabis"]),
        ("Plant-based medicine for you", ["plant based medicine"]),
        ("plant\nmedicine", ["plant medicine"]),
        ("T.H.C. and c.b.d.", ["CBD", "THC"]),
        ("can\u00adna\u200bbis", ["cannabis"]),
        ("ｃａｎｎａｂｉｓ", ["cannabis"]),
        ("Our rooms are closed on Monday.", []),
        ("We weeded the garden, and the canteen is open.", []),
    ],
)
def test_finds_the_words_however_they_are_written(text, words):
    assert [one[0] for one in found(text)] == words


def test_says_in_which_text_and_line():
    texts = {"Subject": "Hello", "Text": "We are open.\n\nAsk for hemp, and for weed."}

    assert advertising.found_in(texts) == [("hemp", "Text", 3), ("weed", "Text", 3)]


def test_finds_the_names_of_the_catalogue(make_product):
    make_product("Night Oil", brand="Harbour Botanics", cultivar="Blue Wren")

    assert found("Our Night-Oil,\nby HARBOUR botanics\nfrom blue wren.") == [
        ("Night Oil", "Text", 1),
        ("Harbour Botanics", "Text", 2),
        ("Blue Wren", "Text", 3),
    ]


def test_an_everyday_word_that_is_a_name_can_be_let_through(make_product):
    make_product("Solace", brand="Solace", cultivar="")
    first = found("Solace for all")
    AdvertisingTerm.objects.add(by=None, words="solace", is_used=False)

    assert (first, found("Solace for all")) == ([("Solace", "Text", 1)], [])


def test_a_manager_adds_a_term():
    AdvertisingTerm.objects.add(by=None, words="green leaf therapy")

    assert found("Green leaf therapy is here") == [("green leaf therapy", "Text", 1)]


def test_refuses_with_the_words_named():
    with pytest.raises(advertising.Advertises) as refused:
        advertising.check({"Subject": "THC", "Text": "Nothing"})

    assert str(refused.value) == (
        "This would advertise a medicine, which the law forbids. Take out: “THC” (Subject, line 1)."
    )


def test_what_managers_keep_stays_as_it_is():
    AdvertisingTerm.objects.all()[0].change(by=None, is_used=False)
    before = AdvertisingTerm.objects.count()

    advertising.ship()

    assert AdvertisingTerm.objects.count() == before == len(advertising.TERMS)
