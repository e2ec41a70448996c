"""Medicines that can be prescribed, and what they cost."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Func, OuterRef, Q, Subquery, When
from django.db.models.functions import Lower
from django.utils import timezone

from catalog.models.imports import Import
from catalog.models.measures import (
    MEASURES,
    OF_STRENGTH,
    Basis,
    Operator,
    PackUnit,
    Unit,
    coded,
    others_are_strengths,
    plain,
    plural,
    potency_is_whole,
    potency_text,
)
from catalog.models.suppliers import Supplier
from config.base import Fact, MoneyField, Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class DoseForm(models.TextChoices):
    """Dose forms as approvals name them (TGA Special Access Scheme), and the common ordinary ones."""

    DRIED_HERB = "dried_herb", "Dried herb"
    ORAL_LIQUID = "oral_liquid", "Oral liquid"
    VAPE = "vape", "Vape cartridge"
    LOZENGE = "lozenge", "Pastille, lozenge or gummy"
    CAPSULE = "capsule", "Capsule"
    TABLET = "tablet", "Tablet"
    WAFER = "wafer", "Wafer"
    SPRAY = "oromucosal_spray", "Oromucosal spray"
    TOPICAL = "topical", "Cream or gel"
    SUPPOSITORY = "suppository", "Suppository"
    INHALER = "inhaler", "Inhaler"
    INJECTION = "injection", "Injection"
    DROPS = "drops", "Drops"


class Schedule(models.TextChoices):
    """Poisons Standard schedules of prescribed medicines."""

    S2 = "S2", "S2 Pharmacy medicine"
    S3 = "S3", "S3 Pharmacist only"
    S4 = "S4", "S4 Prescription only"
    S8 = "S8", "S8 Controlled drug"


# What a medicine is found by.
WORDS = (
    *("name", "brand", "cultivar", "manufacturer", "strength", "product_code", "pbs_code", "gtin13"),
    *("dose_form", "dose_form_stated", "thc_value", "cbd_value", "other_cannabinoids"),
)

# Cannabis of which amounts can be reckoned: a pack of known size, strengths in mg that say per what, and
# nothing about them in doubt that nobody has looked at.
RECKONABLE = (
    Q(size_value__isnull=False)
    & ~Q(thc_unit="mg", thc_basis="")
    & ~Q(cbd_unit="mg", cbd_basis="")
    & (Q(is_strength_settled=True) | ~Q(review_codes__overlap=list(OF_STRENGTH)))
)
# On sale, approved by a pathway and classified: of cannabis, as its composition says and nobody disputes.
PRESCRIBABLE = (
    Q(supply="active", is_composition_known=True)
    & ~Q(schedule="")
    & ~Q(pathway="")
    & (
        Q(kind="conventional")
        | RECKONABLE
        & Q(tga_category__isnull=False, is_category_disputed=False, is_schedule_disputed=False)
        & (Q(tga_category_stated__isnull=True) | Q(tga_category_stated=F("tga_category")))
    )
)


class ProductQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Staff who may see the catalogue; patients never (advertising ban, TG Act s 42DLB)."""
        return self if user.has_perm("catalog.view_product") else self.none()

    def prescribable(self) -> Self:
        """Those on sale whose pathway, category and schedule are known, and follow from what is in them."""
        return self.filter(is_prescribable=True)

    def with_prices(self, on: datetime.date | None = None) -> Self:
        """Carry along the wholesale and retail price in force ``on`` a day, today unless told."""
        day = on or timezone.localdate()

        def price(kind: str) -> Subquery:
            in_force = Price.objects.filter(product=OuterRef("pk"), kind=kind, effective_on__lte=day)
            return Subquery(in_force.order_by("-effective_on", "-pk").values("amount")[:1])

        return self.annotate(wholesale=price(Price.Kind.WHOLESALE), retail=price(Price.Kind.RETAIL))


class Product(Record):
    """One medicine in one pack: identified by its barcode, else by supplier, brand, name, form and size."""

    class Kind(models.TextChoices):
        CANNABIS = "cannabis", "Medicinal cannabis"
        CONVENTIONAL = "conventional", "Ordinary medicine"

    class Supply(models.TextChoices):
        ACTIVE = "active", "Active"
        TO_BE_RELEASED = "to_be_released", "To be released"
        OUT_OF_STOCK = "out_of_stock", "Out of stock"
        DISCONTINUED = "discontinued", "Discontinued"

    class Pathway(models.TextChoices):
        UNAPPROVED = "unapproved", "Unapproved: SAS or Authorised Prescriber"
        REGISTERED = "registered", "Registered (ARTG)"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.CANNABIS)
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="products")
    brand = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=300)
    gtin13 = models.CharField("GTIN-13", max_length=13, blank=True)
    product_code = models.CharField(max_length=50, blank=True)
    pbs_code = models.CharField("PBS item code", max_length=10, blank=True)
    manufacturer = models.CharField(max_length=100, blank=True)
    strength = models.CharField(max_length=100, blank=True, help_text="For ordinary medicines: 500 mg.")

    dose_form = models.CharField(max_length=20, choices=DoseForm, blank=True)
    dose_form_stated = models.CharField(max_length=300, blank=True)
    size_value = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    size_unit = models.CharField(max_length=20, choices=PackUnit, blank=True)

    thc_op = models.CharField("THC is", max_length=2, choices=Operator, blank=True)
    thc_value = models.DecimalField("THC", max_digits=9, decimal_places=4, null=True, blank=True)
    thc_unit = models.CharField("THC unit", max_length=10, choices=Unit, blank=True)
    thc_basis = models.CharField("THC is told", max_length=10, choices=Basis, blank=True)
    cbd_op = models.CharField("CBD is", max_length=2, choices=Operator, blank=True)
    cbd_value = models.DecimalField("CBD", max_digits=9, decimal_places=4, null=True, blank=True)
    cbd_unit = models.CharField("CBD unit", max_length=10, choices=Unit, blank=True)
    cbd_basis = models.CharField("CBD is told", max_length=10, choices=Basis, blank=True)
    # {"cbn": {"op": "<", "value": "50", "unit": "mg/g", "basis": "weight"}}, checked by the database.
    other_cannabinoids = models.JSONField(default=dict, blank=True)
    is_composition_known = models.BooleanField(
        "composition known",
        default=True,
        help_text="No when the list has a strength that cannot be read, or leaves one blank.",
    )

    tga_category_stated = models.PositiveSmallIntegerField("TGA category stated", null=True, blank=True)
    tga_category = models.PositiveSmallIntegerField(
        "TGA category", null=True, blank=True, help_text="Computed from the composition."
    )
    is_category_disputed = models.BooleanField("category in doubt", default=False)
    schedule_stated = models.CharField(max_length=2, choices=Schedule, blank=True)
    schedule = models.CharField(
        max_length=2, choices=Schedule, blank=True, help_text="Computed from the composition."
    )
    is_schedule_disputed = models.BooleanField("schedule in doubt", default=False)
    pathway = models.CharField(
        max_length=20,
        choices=Pathway,
        default=Pathway.UNAPPROVED,
        blank=True,
        help_text="None where what the list says contradicts itself.",
    )
    artg_id = models.CharField("ARTG ID", max_length=20, blank=True)

    strain_type = models.CharField(max_length=50, blank=True)
    cultivar = models.CharField(max_length=300, blank=True)
    lineage = models.CharField(max_length=300, blank=True)
    terpenes = models.CharField(max_length=300, blank=True)
    storage = models.CharField(max_length=300, blank=True)
    packaging = models.CharField(max_length=300, blank=True)

    supply = models.CharField(max_length=20, choices=Supply, default=Supply.ACTIVE)
    availability = models.CharField(max_length=300, blank=True, help_text="In the supplier's words.")
    available_on = models.DateField(null=True, blank=True)
    review_codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_strength_settled = models.BooleanField(
        "strength looked at",
        default=False,
        editable=False,
        help_text="Somebody decided that the strength is right although something casts doubt on it.",
    )

    # All that a search looks at, in one text; the function stands in the migrations.
    words = models.GeneratedField(
        expression=Func(*map(F, WORDS), function="catalog_product_words"),
        output_field=models.TextField(),
        db_persist=True,
    )

    # Computed by the database, which lets nothing else onto a prescription.
    is_prescribable = models.GeneratedField(
        expression=Case(When(PRESCRIBABLE, then=True), default=False, output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    wholesale: Decimal | None  # after ``with_prices()`` only
    retail: Decimal | None

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name", "brand", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gtin13"],
                condition=~Q(gtin13=""),
                name="%(app_label)s_%(class)s_once_per_barcode",
                violation_error_message="There is a product with this barcode already.",
            ),
            models.UniqueConstraint(
                "kind",
                F("supplier"),
                Lower("brand"),
                Lower("name"),
                "strength",
                "dose_form",
                "size_value",
                "size_unit",
                condition=Q(gtin13=""),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once_per_identity",
                violation_error_message="This product of the supplier is listed already.",
            ),
            models.CheckConstraint(
                condition=Q(gtin13="") | Q(gtin13__regex=r"^\d{13}$"),
                name="%(app_label)s_%(class)s_barcode_has_13_digits",
                violation_error_message="A barcode has 13 digits.",
            ),
            models.CheckConstraint(
                condition=Q(kind="conventional") | Q(supplier__isnull=False),
                name="%(app_label)s_%(class)s_has_a_supplier",
                violation_error_message="Medicinal cannabis needs a supplier.",
            ),
            models.CheckConstraint(
                condition=(Q(tga_category__isnull=True) | Q(tga_category__range=(1, 5)))
                & (Q(tga_category_stated__isnull=True) | Q(tga_category_stated__range=(1, 5))),
                name="%(app_label)s_%(class)s_category_1_to_5",
                violation_error_message="TGA categories are 1 to 5.",
            ),
            models.CheckConstraint(
                condition=Q(kind="conventional")
                | Q(tga_category__isnull=True, schedule="")
                | Q(tga_category__isnull=False, tga_category=1, schedule="S4")
                | Q(tga_category__isnull=False, tga_category__in=(2, 3, 4, 5), schedule="S8"),
                name="%(app_label)s_%(class)s_schedule_follows_category",
                violation_error_message="Category 1 is Schedule 4; categories 2 to 5 are Schedule 8.",
            ),
            potency_is_whole("thc"),
            potency_is_whole("cbd"),
            others_are_strengths(),
            models.CheckConstraint(
                condition=Q(size_value__isnull=True, size_unit="")
                | Q(size_value__isnull=False, size_value__gt=0, size_unit__in=PackUnit.values),
                name="%(app_label)s_%(class)s_size_is_whole",
                violation_error_message="A pack has a number with its unit, or nothing.",
            ),
            models.CheckConstraint(
                condition=Q(kind="conventional") | Q(strength=""),
                name="%(app_label)s_%(class)s_cannabis_has_potencies",
                violation_error_message="The strength of cannabis is told per cannabinoid, not in words.",
            ),
            models.CheckConstraint(
                condition=Q(pbs_code="") | Q(pbs_code__regex=r"^\d{4,5}[A-Z]$"),
                name="%(app_label)s_%(class)s_pbs_code_is_one",
                violation_error_message="A PBS item code is four or five digits and a letter: 8173E.",
            ),
            models.CheckConstraint(
                condition=Q(artg_id="") | Q(artg_id__regex=r"^\d{1,8}$"),
                name="%(app_label)s_%(class)s_artg_id_is_a_number",
                violation_error_message="An ARTG ID is a number.",
            ),
            models.CheckConstraint(
                condition=Q(kind="conventional")
                | Q(pathway="")
                | Q(pathway="registered", artg_id__gt="")
                | Q(pathway="unapproved", artg_id=""),
                name="%(app_label)s_%(class)s_pathway_follows_artg",
                violation_error_message="A registered product has an ARTG ID, an unapproved one has none.",
            ),
            coded("kind", ("cannabis", "conventional")),
            coded("dose_form", ("", *DoseForm.values)),
            coded("supply", ("active", "to_be_released", "out_of_stock", "discontinued")),
            coded("schedule", ("", *Schedule.values)),
            coded("schedule_stated", ("", *Schedule.values)),
        ]
        indexes = [
            GinIndex(fields=["words"], opclasses=["gin_trgm_ops"], name="catalog_product_words"),
            models.Index(fields=["kind", "supply", "dose_form"], name="catalog_product_shelf"),
            models.Index(fields=["tga_category"], name="catalog_product_category"),
            models.Index(fields=["name", "brand", "id"], name="catalog_product_in_order"),
            models.Index(fields=["thc_unit", "thc_basis", "thc_value"], name="catalog_product_thc"),
            models.Index(fields=["cbd_unit", "cbd_basis", "cbd_value"], name="catalog_product_cbd"),
        ]

    def __str__(self) -> str:
        size = f", {self.size_text}" if self.size_value is not None else ""
        brand = f" ({self.brand})" if self.brand and self.brand.lower() not in self.name.lower() else ""
        strength = f" {self.strength}" if self.strength else ""
        return f"{self.name}{strength}{brand}{size}"

    @property
    def strength_doubts(self) -> list[str]:
        """The codes of what casts doubt on the strength; none once somebody has settled it."""
        return [] if self.is_strength_settled else [code for code in self.review_codes if code in OF_STRENGTH]

    @property
    def thc_text(self) -> str:
        return potency_text(self.thc_op, self.thc_value, self.thc_unit, self.thc_basis)

    @property
    def cbd_text(self) -> str:
        return potency_text(self.cbd_op, self.cbd_value, self.cbd_unit, self.cbd_basis)

    @property
    def size_text(self) -> str:
        if self.size_value is None:
            return ""
        is_counted = self.size_unit not in MEASURES and self.size_value != 1
        unit = plural(self.size_unit) if is_counted else self.size_unit
        return f"{plain(self.size_value)} {unit}"

    @property
    def strength_text(self) -> str:
        """The strength as a prescription names it: ``THC 25 mg/mL, CBD < 1 mg/mL``."""
        if self.strength:
            return self.strength
        parts = [f"{name} {text}" for name, text in (("THC", self.thc_text), ("CBD", self.cbd_text)) if text]
        for name, amount in sorted(self.other_cannabinoids.items()):
            told = potency_text(amount["op"], Decimal(amount["value"]), amount["unit"], amount["basis"])
            parts.append(f"{name.upper()} {told}")
        return ", ".join(parts)


class PriceQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_price") else self.none()


class Price(Fact):
    """What one product cost from one day on; a new price is a new row, so that history stays."""

    class Kind(models.TextChoices):
        WHOLESALE = "wholesale"
        RETAIL = "retail"

    class Gst(models.TextChoices):
        EXCLUSIVE = "ex", "excluding GST"
        INCLUSIVE = "inc", "including GST"

    product = models.ForeignKey(Product, models.PROTECT, related_name="prices")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = MoneyField(null=True, help_text="Empty: from this day on it has no price.")
    gst = models.CharField("GST", max_length=3, choices=Gst, blank=True)
    effective_on = models.DateField("from", default=timezone.localdate)
    run = models.ForeignKey(
        Import, models.PROTECT, null=True, blank=True, related_name="prices", verbose_name="import"
    )

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-pk"]
        indexes = [models.Index(fields=["product", "kind", "-effective_on"], name="catalog_price_in_force")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="%(app_label)s_%(class)s_is_positive",
                violation_error_message="A price is more than nothing; leave it out where there is none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{f'${self.amount}' if self.amount else 'No price'} {self.get_kind_display().lower()}"
