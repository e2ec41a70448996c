"""Applying: what was taken goes into the catalogue, all of it or nothing."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import DataError, IntegrityError, connection

from catalog import applying, importing, reviewing, undoing
from catalog.models import ChangeSet, Import, Price, Product
from catalog.tests import imports
from config.base import IllegalMove, uuid7

pytestmark = pytest.mark.django_db


def bring_in(key, data):
    return importing.bring_in(key, data=data, file_name=f"{key}.xlsx", by=None, apply_now=True)


class TestApply:
    def test_makes_products_with_a_version_and_prices_under_one_change_set(self, sample, manager, reviewer):
        run = imports.applied("medreleaf", sample("medreleaf"), by=manager, approver=reviewer)

        change_set = ChangeSet.objects.get()
        assert (run.status, change_set.recorded_by) == ("applied", reviewer)
        assert change_set.counts == {"new": 13, "changed": 0, "prices": 26}
        versions = Product.history.all()
        assert {version.trace["change_set"] for version in versions} == {str(change_set.pk)}
        assert {version.history_change_reason for version in versions} == {
            f"Import of medreleaf.xlsx, change set {change_set.pk}."
        }
        assert {version.history_user for version in versions} == {reviewer}
        assert set(Price.objects.values_list("run", "recorded_by")) == {(run.pk, reviewer.pk)}

    def test_a_version_says_what_the_product_says(self, sample, manager, reviewer):
        imports.applied("phytoca", sample("phytoca"), by=manager, approver=reviewer)

        columns = [field.attname for field in Product._meta.concrete_fields if not field.generated]
        assert list(Product.history.order_by("id").values(*columns)) == list(
            Product.objects.order_by("id").values(*columns)
        )

    def test_makes_what_a_form_would_make(self, sample, manager, reviewer):
        """The database fills in what the list does not say with the defaults of the model."""
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        product = Product.objects.get(name="Gannet")
        product.full_clean()
        assert (product.kind, product.pathway, product.supply) == ("cannabis", "unapproved", "active")
        assert (product.other_cannabinoids, product.available_on, product.pbs_code) == ({}, None, "")

    def test_cuts_no_text_that_is_too_long_for_its_column(self, sample, manager, reviewer):
        run = imports.reviewed("alma", sample("alma"), by=manager)
        row = run.rows.first()
        row.pk, row.position, row.needs_decision = uuid7(), 99, False
        row.changes["storage"] = [None, "x" * 301]
        row.save(force_insert=True)
        reviewing.approve(run, by=reviewer)

        with pytest.raises(DataError, match="too long"):
            applying.work_off(run)

        assert Product.objects.count() == 0

    def test_leaves_out_what_was_not_taken(self, sample, manager, reviewer):
        run = imports.checked("tasmanian_botanics", sample("tasmanian_botanics"))
        left = run.rows.filter(needs_decision=False)[:3]
        left = run.rows.filter(pk__in=[row.pk for row in left])
        reviewing.decide(run, left, verdict="leave", reason="Not for us.", by=manager)
        reviewing.decide(run, run.rows.undecided(), verdict="quarantine", reason="Asked.", by=manager)
        aside = run.rows.with_verdict().filter(verdict="quarantine").count()
        reviewing.hand_in(run, by=manager)
        reviewing.approve(run, by=reviewer)

        applying.work_off(run)

        assert aside > 0
        assert Product.objects.count() == 10 - 3 - aside
        assert not Product.objects.filter(pk__in=left.values("pk")).exists()

    def test_discontinues_what_is_gone_when_somebody_says_so(self, sample, damaged, manager, reviewer):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        shorter = damaged("alma", lambda book: book["Sheet1"].delete_rows(2))

        imports.applied("alma", shorter, by=manager, approver=reviewer)

        gone = Product.objects.get(supply="discontinued")
        assert gone.history.count() == 2
        assert ChangeSet.objects.first().counts == {"new": 0, "changed": 1, "prices": 0}

    def test_happens_once(self, sample, manager, reviewer):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        with pytest.raises(IllegalMove):
            applying.apply(run, by=None)
        applying.work_off(run)  # a worker that comes late finds it done

        assert Product.objects.count() == 5

    def test_waits_for_approval(self, sample, manager):
        run = imports.reviewed("alma", sample("alma"), by=manager)

        with pytest.raises(IllegalMove):
            applying.apply(run, by=manager)

        assert Product.objects.count() == 0


class TestCatalogueMoved:
    def test_refuses_when_somebody_brought_the_same_products_in(self, sample, damaged, manager, reviewer):
        waiting = imports.reviewed("botanitech", sample("botanitech"), by=manager)
        bring_in("botanitech", damaged("botanitech", lambda book: book["Sheet1"].delete_rows(3)))
        reviewing.approve(waiting, by=reviewer)

        applying.work_off(waiting)

        assert (waiting.status, waiting.refusal[:51]) == (
            "refused",
            "The catalogue has changed since this file was read.",
        )
        assert (Product.objects.count(), ChangeSet.objects.count()) == (8, 1)

    @pytest.mark.parametrize("change", ["fact", "price"])
    def test_names_what_has_changed(self, change, sample, damaged, manager, reviewer):
        bring_in("medreleaf", sample("medreleaf"))

        def edit(book):
            book["Oil"]["D2"], book["Oil"]["H2"] = 73, "99mg/mL"

        waiting = imports.reviewed("medreleaf", damaged("medreleaf", edit), by=manager)
        product = Product.objects.get(name="Brolga CBD 100 (S4)")
        if change == "fact":
            product.change(by=manager, cbd_value=98)
        else:
            Price.objects.create(product=product, kind="wholesale", amount=80)
        reviewing.approve(waiting, by=reviewer)

        applying.work_off(waiting)

        assert waiting.status == "refused"
        assert "Brolga CBD 100 (S4) (Kestrel), 30 mL. Please import the file again." in waiting.refusal

    def test_refuses_half_a_composition(self, strengths, manager, reviewer):
        """THC of one list beside CBD of another is classified by neither: 3.5/160 would stand as S4."""
        imports.applied("medreleaf", strengths("3mg/mL", "100mg/mL"), by=manager, approver=reviewer)
        waiting = imports.reviewed("medreleaf", strengths("3.5mg/mL", "100mg/mL"), by=manager)
        imports.applied("medreleaf", strengths("3mg/mL", "160mg/mL"), by=manager, approver=reviewer)
        reviewing.approve(waiting, by=reviewer)

        applying.work_off(waiting)

        product = Product.objects.get(name="5 / 100")
        assert (waiting.status, product.thc_value, product.cbd_value) == ("refused", 3, 160)
        assert "5 / 100 (Larkspur), 30 mL. Please import the file again." in waiting.refusal

    def test_lets_pass_what_changed_elsewhere(self, sample, damaged, manager, reviewer):
        bring_in("medreleaf", sample("medreleaf"))

        def edit(book):
            book["Oil"]["D2"] = 73

        waiting = imports.reviewed("medreleaf", damaged("medreleaf", edit), by=manager)
        product = Product.objects.get(name="Brolga CBD 100 (S4)")
        product.change(by=manager, storage="Cool.")
        reviewing.approve(waiting, by=reviewer)

        applying.work_off(waiting)

        product.refresh_from_db()
        assert (waiting.status, product.storage) == ("applied", "Cool.")


class TestDays:
    def test_future_prices_hold_from_their_day(self, sample, damaged, manager, reviewer):
        with time_machine.travel("2026-06-10 09:00+10:00", tick=False):
            bring_in("medreleaf", sample("medreleaf"))

            def edit(book):
                book["Oil"]["D2"] = 75

            run = imports.checked("medreleaf", damaged("medreleaf", edit))
            reviewing.hold_from(run, date(2026, 7, 1), by=manager)
            reviewing.hand_in(run, by=manager)
            reviewing.approve(run, by=reviewer)
            applying.work_off(run)

        def wholesale(day):
            return Product.objects.with_prices(on=day).get(name="Brolga CBD 100 (S4)").wholesale

        assert ChangeSet.objects.first().effective_on == date(2026, 7, 1)
        assert [wholesale(date(2026, 6, 30)), wholesale(date(2026, 7, 1))] == [Decimal(72), Decimal(75)]

    @pytest.fixture
    def bring(self, damaged, manager, reviewer):
        """Have the list with this price of the first oil applied, from some day on; tell the import."""

        def go(amount, day=None):
            def edit(book):
                book["Oil"]["D2"] = amount

            run = imports.checked("medreleaf", damaged("medreleaf", edit))
            if day:
                reviewing.hold_from(run, day, by=manager)
            if run.rows.undecided().exists():
                reviewing.decide(run, run.rows.undecided(), verdict="take", reason="Fine.", by=manager)
            reviewing.hand_in(run, by=manager)
            reviewing.approve(run, by=reviewer)
            applying.work_off(run)
            return run

        return go

    def wholesale(self):
        days = (date(2026, 6, 30), date(2026, 7, 1))
        oils = (Product.objects.with_prices(on=day).get(name="Brolga CBD 100 (S4)") for day in days)
        return [oil.wholesale for oil in oils]

    @time_machine.travel("2026-06-10 09:00+10:00", tick=False)
    def test_a_newer_list_takes_a_coming_price_back(self, bring):
        bring(72)
        bring(75, date(2026, 7, 1))

        assert bring(72).status == "applied"

        assert self.wholesale() == [72, 72]

    @time_machine.travel("2026-06-10 09:00+10:00", tick=False)
    def test_a_second_list_for_a_coming_day_is_in_the_place_of_the_first(self, bring):
        bring(72)
        bring(75, date(2026, 7, 1))

        assert bring(78, date(2026, 7, 1)).status == "applied"

        assert self.wholesale() == [72, 78]

    def test_undoing_such_a_list_brings_the_coming_price_back(self, bring, manager):
        with time_machine.travel("2026-06-10 09:00+10:00", tick=False) as clock:
            bring(72)
            bring(75, date(2026, 7, 1))
            clock.shift(60)
            run = bring(78)
            assert self.wholesale() == [78, 78]
            clock.shift(60)

            undoing.undo(run, by=manager, why="The wrong list.")

            assert self.wholesale() == [72, 75]

    def test_a_day_that_passed_before_the_approval_is_today(self, sample, manager, reviewer):
        with time_machine.travel("2026-06-10 09:00+10:00", tick=False):
            run = imports.checked("alma", sample("alma"))
            reviewing.hold_from(run, date(2026, 6, 12), by=manager)
            reviewing.decide(run, run.rows.undecided(), verdict="take", reason="Fine.", by=manager)
            reviewing.hand_in(run, by=manager)
        with time_machine.travel("2026-06-15 09:00+10:00", tick=False):
            reviewing.approve(run, by=reviewer)
            applying.work_off(run)

        assert set(Price.objects.values_list("effective_on", flat=True)) == {date(2026, 6, 15)}


class TestWorkOff:
    @pytest.fixture
    def broken(self, sample, manager, reviewer):
        """An approved list of which one row cannot be saved."""
        run = imports.reviewed("medreleaf", sample("medreleaf"), by=manager)
        reviewing.approve(run, by=reviewer)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE catalog_price ADD CONSTRAINT broken CHECK (amount <> 47.50)")
        return run

    def test_leaves_nothing_behind_when_it_fails(self, broken):
        with pytest.raises(IntegrityError):
            applying.work_off(broken)

        assert (Product.objects.count(), Product.history.count(), Price.objects.count()) == (0, 0, 0)
        assert (Import.objects.get().status, Import.objects.get().attempts) == ("approved", 1)

    def test_is_not_tried_for_ever(self, broken):
        for _ in range(applying.MOST_ATTEMPTS):
            with pytest.raises(IntegrityError):
                applying.work_off(Import.objects.get())

        applying.work_off(Import.objects.get())

        assert Import.objects.get().refusal[:33] == "Applying this list failed 3 times"

    def test_goes_on_when_the_reason_is_gone(self, broken):
        with pytest.raises(IntegrityError):
            applying.work_off(broken)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE catalog_price DROP CONSTRAINT broken")

        applying.work_off(Import.objects.get())

        assert (Import.objects.get().status, Product.objects.count()) == ("applied", 13)
