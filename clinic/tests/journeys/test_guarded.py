"""Edits, authorities, withdrawals and clocks in any order: what was issued, the guard lets through."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from clinic import authorising, caring, checking, consulting, gathering, prescribing, ruling, screening
from clinic.models import (
    Approval,
    Consent,
    Encounter,
    MonitoringCheck,
    Override,
    Practitioner,
    Prescription,
    PrescriptionLine,
    StateRule,
)
from clinic.tests.checks.world import GO_ON
from config.base import Refused

STATES = ["VIC", "QLD", "NSW", "SA", "ACT", "TAS"]
PAIN = "Chronic pain"
DIRECTIONS = ["Take 1 mL by mouth twice a day.", "Take as directed.", "Take 3 mL at night.", "Take 2 mL."]


class Writing(RuleBasedStateMachine):
    """One doctor, one patient, two oils, and everything that may change about them."""

    stage: dict  # encounter, products, doctor, manager and the authenticator: the same for every run

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone._from_testcase = True  # as a test case's own: nothing of it stays
        self.undone.__enter__()
        self.clock = time_machine.travel(timezone.now(), tick=False)
        self.clock.start()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @property
    def encounter(self) -> Encounter:
        return Encounter.objects.get(pk=self.stage["encounter"])

    @property
    def by(self):
        return self.encounter.practitioner.user

    def try_to(self, ask, *args, **kwargs) -> None:
        """Ask a rule that may say no; then nothing of it stays."""
        try:
            with transaction.atomic():
                ask(*args, **kwargs)
        except Refused:
            return

    @rule(days=st.sampled_from([0, 1, 29, 200]), hours=st.integers(0, 23))
    def wait(self, days, hours):
        later = timezone.now() + timedelta(days=days, hours=hours)
        self.clock.stop()
        self.clock = time_machine.travel(later, tick=False)
        self.clock.start()

    @rule(product=st.integers(0, 1), quantity=st.integers(1, 3), repeats=st.integers(0, 6),
          interval=st.sampled_from([None, 28]), directions=st.sampled_from(DIRECTIONS))  # fmt: skip
    def write(self, product, quantity, repeats, interval, directions):
        self.try_to(
            prescribing.write, self.encounter, product=self.stage["products"][product], quantity=quantity,
            repeats=repeats, interval_days=interval, directions=directions, by=self.by,
        )  # fmt: skip

    @rule()
    def take_off(self):
        line = PrescriptionLine.objects.written().filter(prescription__status="draft").first()
        if line:
            self.try_to(prescribing.remove_line, line, by=self.by)

    @rule(state=st.sampled_from(STATES), number=st.sampled_from(["", "No. 1"]), look=st.booleans(),
          told=st.sampled_from([PAIN, PAIN, PAIN, "Anxiety", ""]))  # fmt: skip
    def send(self, state, number, look, told=PAIN):
        for draft in self.encounter.prescriptions.filter(status="draft"):
            self.try_to(
                prescribing.send_to, draft, state=state, authority=number, indication=told, by=self.by
            )
        if look:
            self.try_to(
                prescribing.record_monitoring, self.encounter, state=state, result="no_alert", by=self.by
            )

    @rule(days=st.sampled_from([0, 20, 400]), category=st.sampled_from([4, 5]))
    def approve(self, days, category):
        today = timezone.localdate()
        self.try_to(
            prescribing.record_approval, self.encounter, pathway="ap", reference="AP-1",
            tga_category=category, dose_form="oral_liquid", indication=PAIN,
            from_on=today, until_on=today + timedelta(days=days), by=self.by,
        )  # fmt: skip

    @rule()
    def withdraw(self):
        for approval in Approval.objects.filter(withdrawn_on=None):
            self.try_to(
                authorising.withdraw, approval, on=timezone.localdate(), kind="tga", why="So.", by=self.by
            )

    @rule(answer=st.sampled_from([Consent.Answer.GIVEN, Consent.Answer.WITHDRAWN]))
    def consent(self, answer):
        self.try_to(
            caring.answer, self.encounter.patient, kind="unapproved_s8", answer=answer, by=self.by, why="So."
        )

    @rule(depends=st.booleans(), close=st.sampled_from([False, False, False, True]))
    def ask(self, depends, close):
        self.try_to(screening.record, self.encounter, depends_on_drugs=depends, is_relative=close, by=self.by)

    @rule(supply=st.sampled_from(["active", "active", "out_of_stock"]), category=st.sampled_from([4, 4, 5]))
    def change_the_product(self, supply, category):
        for product in self.stage["products"]:
            product.refresh_from_db()
            product.change(by=None, supply=supply, tga_category=category, tga_category_stated=category)

    @rule(state=st.sampled_from(STATES), local=st.sampled_from([True, False, None]))
    def change_the_law(self, state, local):
        rule_ = StateRule.objects.filter(state=state, until_on=None).get()
        day = timezone.localdate() + timedelta(days=1)
        self.try_to(
            ruling.renew, rule_, from_on=day, by=self.stage["manager"], why="Act.", is_local_only=local
        )

    @rule(modality=st.sampled_from(["voice", "chat"]))
    def speak(self, modality):
        self.try_to(consulting.start_segment, self.encounter, modality=modality, by=self.by)

    @rule(state=st.sampled_from(STATES))
    def practise(self, state):
        self.try_to(consulting.confirm_practising, self.encounter, state=state, by=self.by)

    @rule(verified=st.booleans())
    def verify(self, verified):
        doctor = Practitioner.objects.get(pk=self.encounter.practitioner_id)
        at, who = (timezone.now(), self.stage["manager"]) if verified else (None, None)
        doctor.change(by=who, verified_at=at, verified_by=who)

    @rule(signs=st.booleans())
    def do_all_that_is_asked(self, signs):
        """As most doctors do: or hardly any run of so many steps would get as far as a script."""
        self.change_the_product("active", 4)
        self.verify(verified=True)
        self.speak("voice")
        self.consent(Consent.Answer.GIVEN)
        self.ask(depends=False, close=False)
        self.approve(400, 4)
        for _ in range(self.encounter.prescriptions.filter(status="draft").count()):
            self.take_off()
        self.write(0, 2, 1, 28, DIRECTIONS[0])
        self.send("VIC", "No. 1", look=True, told=PAIN)
        if signs:
            self.issue(GO_ON)

    @rule(answers=st.sampled_from([{}, GO_ON, GO_ON]))
    def issue(self, answers):
        for draft in self.encounter.prescriptions.filter(status="draft"):
            self.sign(draft, answers)

    def sign(self, draft: Prescription, answers: dict) -> None:
        doctor = self.by
        others = gathering.cases(self.encounter, by=doctor, now=timezone.now())
        try:
            with transaction.atomic():
                prescribing.issue(draft, by=doctor, code=self.stage["code_of"](doctor), reasons=answers)
        except Refused:
            return
        self.stage["issued"].append(draft.pk)
        was = next(case for case in others if case.prescription.pk == draft.pk)
        assert refused(Prescription.objects.get(pk=draft.pk), others=was.others) == []
        assert lacks(Prescription.objects.get(pk=draft.pk)) == []


def refused(script: Prescription, *, others) -> list[str]:
    """Ask the guard again, with the facts of the moment of issue: what does it refuse?"""
    encounter, now = script.encounter, script.issued_at
    known = gathering.facts(encounter, now=now)
    known = gathering.Facts(
        **{**vars(known), "scripts": [one for one in known.scripts if one.pk != script.pk]}
        | {"counted": known.counted._replace(scripts_today=known.counted.scripts_today - 1)}
    )
    case = gathering.Case(
        prescription=script, encounter=encounter, by=script.issued_by, now=now, facts=known,
        lines=[*script.lines.written().select_related("product")], others=others,
    )  # fmt: skip
    answered = set(Override.objects.filter(prescription=script).values_list("name", flat=True))
    return [
        finding.check.name
        for finding in checking.examine(case)
        if not finding.holds and not (finding.is_answerable and finding.check.name in answered)
    ]


def lacks(script: Prescription) -> list[str]:
    """What the law asks for, read from the rows without the guard."""
    (line,) = script.lines.written().select_related("product")
    today = date.fromisoformat(script.content["issued_on"])
    approval, rule_ = script.approval, StateRule.objects.on(today).get(state=script.dispense_state)
    looks = MonitoringCheck.objects.filter(
        patient=script.patient, practitioner=script.practitioner, state=script.dispense_state,
        recorded_at__date=today,
    )  # fmt: skip
    there = script.encounter.confirmations.filter(kind="practising", recorded_at__date=today)
    spoken = script.encounter.segments.filter(modality__in=["voice", "video", "in_person"])
    wanted = {
        "authority": approval.practitioner_id == script.practitioner_id
        and (approval.tga_category, approval.dose_form) == (line.product.tga_category, line.product.dose_form)
        and approval.from_on <= today <= approval.until_on
        and (approval.withdrawn_on is None or approval.withdrawn_on > today),
        "indication": script.indication == approval.indication,
        "monitoring": looks.exists() or not rule_.is_monitoring_law,
        "voice": spoken.exists(),
        "prescriber": rule_.is_local_only is False
        or there.latest("recorded_at").state == script.dispense_state,
        "number": not rule_.authority or rule_.months_without_authority or script.state_authority,
        "supply": line.product.supply == "active",
        "interval": not line.repeats or line.interval_days,
    }
    return [name for name, holds in wanted.items() if not holds]


@pytest.mark.django_db
def test_no_order_of_events_issues_what_the_guard_refuses(ready, doctor, manager, make_product, code_of):
    Writing.stage = {
        "encounter": ready.encounter_id,
        "products": [ready.lines.get().product, make_product("Day Oil")],
        "manager": manager,
        "code_of": code_of,
        "issued": [],
    }

    run_state_machine_as_test(
        Writing,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )

    assert len(Writing.stage["issued"]) > 5  # or nothing was tried
