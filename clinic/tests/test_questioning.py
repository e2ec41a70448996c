"""Building what patients are asked: ten kinds, conditions, flags; published versions stay as they were."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic import answering, questioning
from clinic.models import Answer, Intake, QuestionKind, Questionnaire
from clinic.models.questions import asked_of, read_questions

YES = {"key": "smokes", "label": "Do you smoke?", "kind": "yes_no"}
HOW_MANY = {
    "key": "how_many",
    "label": "How many a day?",
    "kind": "number",
    "when": {"key": "smokes", "answer": "yes"},
    "flags": [{"least": "20", "severity": "serious", "message": "Smokes 20 or more."}],
}
SINCE = {"key": "since", "label": "Since when?", "kind": "date", "when": {"key": "how_many", "least": "10"}}
EVERY_KIND = [
    {"key": kind, "label": kind, "kind": kind}
    | ({"choices": ["A", "B"]} if kind in {"choice", "several"} else {})
    for kind in QuestionKind.values
]
GOOD = {
    "yes_no": "no",
    "choice": "B",
    "several": "A\nB",
    "line": "Some words",
    "text": "Two\nlines",
    "number": "-3.50",
    "scale": "10",
    "date": "2028-02-29",
    "state": "TAS",
    "agreement": "yes",
}


def asked(*rows) -> list:
    return read_questions([*rows])


class TestQuestions:
    def test_are_of_ten_kinds(self):
        assert len(QuestionKind.values) == 10
        assert [question.accepts(GOOD[question.kind]) for question in asked(*EVERY_KIND)] == [True] * 10

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("several", "A\nA"),
            ("several", "A\nC"),
            ("several", "A, B"),
            ("line", "x" * 201),
            ("scale", "11"),
            ("scale", "5.5"),
            ("state", "Tasmania"),
            ("agreement", "no"),
            ("number", "1e400000000"),
            ("number", "Infinity"),
        ],
    )
    def test_take_no_answer_that_does_not_fit(self, kind, value):
        [question] = [one for one in asked(*EVERY_KIND) if one.kind == kind]

        assert not question.accepts(value)

    @pytest.mark.parametrize(
        ("said", "keys"),
        [
            ({}, ["smokes"]),
            ({"smokes": "no", "how_many": "30"}, ["smokes"]),
            ({"smokes": "yes"}, ["smokes", "how_many"]),
            ({"smokes": "yes", "how_many": "9.99"}, ["smokes", "how_many"]),
            ({"smokes": "yes", "how_many": "10.0"}, ["smokes", "how_many", "since"]),
            ({"smokes": "no", "how_many": "10"}, ["smokes"]),
        ],
    )
    def test_are_asked_where_they_follow(self, said, keys):
        assert [one.key for one in asked_of(asked(YES, HOW_MANY, SINCE), said)] == keys

    @pytest.mark.parametrize(
        ("fit", "kind", "value", "is_raised"),
        [
            ({"answer": "0"}, "number", "0.0", True),
            ({"least": "20"}, "number", "20.00", True),
            ({"least": "20"}, "number", "19.9", False),
            ({"most": "3"}, "scale", "3", True),
            ({"most": "3"}, "scale", "10", False),
            ({"least": "2", "most": "3"}, "scale", "10", False),
            ({"answer": "B"}, "several", "A\nB", True),
            ({"answer": "B"}, "several", "A", False),
            ({"answer": "Warfarin"}, "line", " warfarin ", True),
            ({"answer": "Warfarin"}, "text", "No warfarin", False),
            ({"least": "0"}, "number", "", False),
        ],
    )
    def test_raise_flags_by_what_an_answer_means(self, fit, kind, value, is_raised):
        row = next(one for one in EVERY_KIND if one["kind"] == kind)
        [question] = asked(row | {"flags": [fit | {"severity": "caution", "message": "Look."}]})

        assert bool(question.raised(value)) is is_raised

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            ([YES, YES], "Question 2 cannot be asked. Its key stands above already"),
            ([HOW_MANY], "Question 1 cannot be asked. It is to be asked after an answer"),
            (
                [YES, HOW_MANY | {"when": {"key": "smokes", "answer": "perhaps"}}],
                "Question 2 cannot be asked",
            ),
            ([YES, HOW_MANY | {"when": {"key": "smokes"}}], "Question 2 cannot be asked"),
            ([YES | {"flags": [{"least": "1", "severity": "serious", "message": "x"}]}], "A red flag is for"),
            ([YES | {"label": 5}], "Question 1 cannot be asked"),
            ([YES | {"help": "x" * 501}], "too long"),
            ([YES | {"required": "yes"}], "Question 1 cannot be asked"),
            ([YES | {"kind": "choice", "choices": ["A\nB", "C"]}], "Question 1 cannot be asked"),
            ([YES | {"kind": "choice", "choices": [["A"], "C"]}], "Question 1 cannot be asked"),
            (
                [YES | {"section": "One"}, HOW_MANY | {"section": "Two"}, SINCE | {"section": "One"}],
                "Questions of one section follow each other",
            ),
        ],
    )
    def test_that_cannot_be_asked_are_named(self, rows, says):
        with pytest.raises(ValidationError, match=re.escape(says)):
            read_questions(rows)

    @given(st.dictionaries(st.sampled_from(["smokes", "how_many", "since"]), st.text(max_size=6)))
    def test_nobody_is_asked_what_hangs_on_what_is_not_asked(self, said):
        keys = [one.key for one in asked_of(asked(YES, HOW_MANY, SINCE), said)]

        assert keys in (["smokes"], ["smokes", "how_many"], ["smokes", "how_many", "since"])


class TestPublish:
    def test_makes_the_next_version_and_leaves_those_before(self, write, manager):
        first = Questionnaire.objects.get()
        before = first.questions

        version = questioning.publish(write(YES, HOW_MANY), by=manager)

        first.refresh_from_db()
        assert (version.version, version.recorded_by, first.questions) == (2, manager, before)
        assert [one.key for one in version.asked()] == ["smokes", "how_many"]

    def test_refuses_what_cannot_be_asked(self, write, manager):
        draft = write(HOW_MANY)

        with pytest.raises(questioning.CannotBeAsked, match="Question 1"):
            questioning.publish(draft, by=manager)

        assert Questionnaire.objects.count() == 1

    def test_refuses_what_is_asked_already(self, draft, manager):
        with pytest.raises(questioning.NothingNew):
            questioning.publish(draft, by=manager)

    def test_leaves_who_began_with_the_version_they_saw(self, write, manager, confirmed, patient):
        first = answering.wanted(confirmed)
        answering.save(confirmed, questionnaire=first, answers={"heart": "no"}, by=patient.user)

        questioning.publish(write(YES), by=manager)

        assert answering.wanted(confirmed) == first


class TestRewrite:
    def test_refuses_who_saw_another_state_and_keeps_both(self, draft, write, manager):
        seen = questioning.mark(draft)
        write(YES)

        with pytest.raises(questioning.ChangedMeanwhile):
            questioning.rewrite(draft, title="Mine", questions=[], saw=seen, by=manager)

        draft.refresh_from_db()
        assert draft.questions == [YES]


class TestTakeUp:
    def test_goes_on_from_an_older_version(self, write, manager):
        first = Questionnaire.objects.get()
        questioning.publish(write(YES), by=manager)

        draft = questioning.take_up(first, is_sure=False, by=manager)

        assert draft.questions == first.questions

    def test_throws_nothing_away_unasked(self, write, manager):
        first = Questionnaire.objects.get()
        draft = write(YES)

        with pytest.raises(questioning.NotPublished):
            questioning.take_up(first, is_sure=False, by=manager)

        draft.refresh_from_db()
        assert draft.questions == [YES]
        assert questioning.take_up(first, is_sure=True, by=manager).questions == first.questions
        assert draft.history.filter(questions=[YES]).exists()


def test_differences_name_what_was_added_taken_out_changed_and_moved():
    told = questioning.differences(
        [YES, HOW_MANY, SINCE],
        [SINCE, YES | {"label": "Do you smoke now?"}, {**YES, "key": "new", "label": "N"}],
    )

    assert [(one.what, one.label) for one in told] == [
        ("Taken out", "How many a day?"),
        ("Moved", "Since when?"),
        ("Changed", "Do you smoke now?"),
        ("Added", "N"),
    ]
    assert told[2].parts == [("Question", "Do you smoke?", "Do you smoke now?")]


class TestAnswers:
    @pytest.fixture
    def version(self, write, manager):
        return questioning.publish(write(YES, HOW_MANY, SINCE), by=manager)

    def test_that_are_asked_no_longer_are_taken_back_and_kept(self, version, confirmed, patient):
        say = {"smokes": "yes", "how_many": "25"}
        answering.save(confirmed, questionnaire=version, answers=say, by=patient.user)
        intake = answering.save(confirmed, questionnaire=version, answers={"smokes": "no"}, by=patient.user)

        assert answering.values(intake) == {"smokes": "no", "how_many": ""}
        assert [one.value for one in intake.answers.filter(key="how_many")] == ["25", ""]

    @pytest.mark.parametrize(
        ("say", "far"),
        [
            ({"smokes": "no"}, "done"),
            ({"smokes": "yes"}, "begun"),
            ({"smokes": "yes", "how_many": "3"}, "done"),
            ({"smokes": "yes", "how_many": "30"}, "begun"),
        ],
    )
    def test_are_done_when_all_that_is_asked_is_answered(self, version, confirmed, patient, say, far):
        assert answering.how_far(confirmed, by=patient.user) == ""

        answering.save(confirmed, questionnaire=version, answers=say, by=patient.user)

        assert answering.how_far(confirmed, by=patient.user) == far


class TestPage:
    @pytest.fixture
    def browser(self, client, patient):
        client.force_login(patient.user)
        return client

    @pytest.fixture
    def page(self, confirmed):
        return reverse("appointment-intake", args=[confirmed.pk])

    @pytest.fixture
    def every_kind(self, write, manager):
        return questioning.publish(write(*EVERY_KIND), by=manager)

    def test_asks_and_keeps_every_kind(self, browser, page, every_kind):
        sent = GOOD | {"several": ["A", "B"], "version": "2", "asks": "before_visit"}

        answer = browser.post(page, sent)

        assert answer.status_code == 302
        kept = answering.values(Intake.objects.get())
        assert kept == GOOD
        again = browser.get(page)
        assert again.context["form"]["several"].value() == ["A", "B"]
        assert 'type="checkbox" name="several" value="B"' in again.content.decode()

    def test_says_which_answers_it_leaves_out(self, browser, page, write, manager):
        questioning.publish(write(YES, HOW_MANY), by=manager)

        answer = browser.post(
            page, {"version": "2", "asks": "before_visit", "smokes": "no", "how_many": "4"}, follow=True
        )

        assert "Left out, because it is not asked after your other answers: “How many a day?”." in [
            str(message) for message in answer.context["messages"]
        ]
        assert not Answer.objects.filter(key="how_many").exists()

    def test_an_answer_that_is_too_long_is_told_and_nothing_is_cut_off(self, browser, page, write, manager):
        questioning.publish(write({"key": "why", "label": "Why?", "kind": "line"}), by=manager)

        answer = browser.post(page, {"version": "2", "asks": "before_visit", "why": "x" * 201})

        assert answer.status_code == 400
        assert "maxlength" not in answer.content.decode()
        assert not Answer.objects.exists()

    @pytest.mark.parametrize("version", ["1", "", "9", "²", "x"])
    def test_takes_no_answers_to_another_version(
        self, browser, page, write, manager, version, confirmed, patient
    ):
        second = questioning.publish(write(YES), by=manager)
        answering.save(confirmed, questionnaire=second, answers={"smokes": "no"}, by=patient.user)

        assert (
            browser.post(page, {"version": version, "asks": "before_visit", "smokes": "yes"}).status_code
            == 409
        )
        assert Answer.objects.get().value == "no"


class TestKeep:
    @pytest.fixture
    def address(self, confirmed):
        return reverse("appointment-intake-keep", args=[confirmed.pk])

    @pytest.fixture
    def keep(self, client, patient, address):
        client.force_login(patient.user)
        return lambda **sent: client.post(address, {"version": "1", "asks": "before_visit", **sent})

    def test_keeps_one_answer_and_asks_for_no_other(self, keep):
        answer = keep(of="heart", heart="yes")

        assert (answer.status_code, answer.json()) == (200, {"kept": ["heart"]})
        assert answering.values(Intake.objects.get()) == {"heart": "yes"}

    def test_takes_an_answer_back(self, keep):
        keep(of="heart", heart="yes")
        keep(of="heart")

        assert [one.value for one in Answer.objects.order_by("said_at")] == ["yes", ""]

    def test_says_what_does_not_fit(self, keep):
        answer = keep(of="heart", heart="perhaps")

        assert (answer.status_code, answer.json()) == (
            400,
            {"wrong": {"heart": "Please choose one of the answers."}},
        )
        assert not Intake.objects.exists()

    @pytest.mark.parametrize(
        "sent",
        [{}, {"of": "nothing", "nothing": "x"}, {"asks": "another", "of": "heart", "heart": "yes"}],
    )
    def test_keeps_nothing_for_questions_that_it_does_not_ask(self, keep, sent):
        assert keep(**sent).status_code == 409
        assert not Intake.objects.exists()

    def test_is_closed_from_the_consultation_on(self, keep, confirmed, forced):
        forced(confirmed, "in_consultation")

        answer = keep(of="heart", heart="yes")

        assert answer.status_code == 409
        assert "until it begins" in answer.json()["why"]

    def test_is_nothing_to_look_at_and_nobody_elses(self, client, address, make_patient, patient):
        client.force_login(patient.user)
        assert client.get(address).status_code == 405

        client.force_login(make_patient("stranger").user)
        assert (
            client.post(
                address, {"version": "1", "asks": "before_visit", "of": "heart", "heart": "yes"}
            ).status_code
            == 404
        )
        assert not Intake.objects.exists()
