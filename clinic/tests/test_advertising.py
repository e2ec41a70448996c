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
        ("/buy-cbdoil/", ["CBD"]),
        ("https://example.com/cbdgummies?x=thc25", ["CBD", "THC"]),
        ("buythconline.jpg", ["THC"]),
        ("hempoil, weedshop and plantmedicine", ["hemp", "plant medicine", "weed"]),
        ("/%63bd/", ["CBD"]),
        ("/pictures/0190b2c8-cbd1-7cbd-8000-cbd000000001/cbd4f00a12.jpg", []),
        ("T-H-C, and c b d", ["CBD", "THC"]),
        ("medicannabis", ["*cannab*"]),
        ("Healthcare, birthcare and youth care on the south coast", []),
        ("An indication to vindicate; seaweed from the Tweed at Hempstead, weedy", []),
        ("Plan B, C or D: a b c", []),
        ("Online, on line, in pain, our doctors and patients", []),
    ],
)
def test_finds_the_words_however_they_are_written(text, words):
    assert [one[0] for one in found(text)] == words


def test_tells_of_every_place():
    assert found("Hemp.\n\nHemp, weed and hemp\nhempoil") == [
        ("hemp", "Text", 1),
        ("hemp", "Text", 3),
        ("weed", "Text", 3),
        ("hemp", "Text", 4),
    ]


def test_finds_names_of_the_catalogue_run_together_with_what_sells_them(make_product):
    make_product("Night Oil", brand="Harbour Botanics", cultivar="Rest")

    assert [one[0] for one in found("/nightoil/ /buy-harbourbotanics/ /restoil/")] == [
        "Harbour Botanics",
        "Night Oil",
        "Rest",
    ]
    assert found("The forest, a restaurant, interest and the rested") == []


@pytest.mark.parametrize(
    ("words", "text", "is_found"),
    [
        ("hemp*", "hempseeds", True),
        ("*leaf", "greenleaf", True),
        ("*leaf", "leaflet", False),
        ("relief*", "A relief", True),
    ],
)
def test_a_star_stands_for_any_letters(words, text, is_found):
    AdvertisingTerm.objects.add(by=None, words=words)

    assert [one[0] for one in found(text)] == ([words] if is_found else [])


def test_a_star_term_can_be_turned_off():
    AdvertisingTerm.objects.get(words="*cannab*").change(by=None, is_used=False)

    assert found("medicannabis") == []


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
