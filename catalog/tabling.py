"""Plain tables in and out: suppliers, the plain facts of products, and prices.

Whatever goes out can come back unchanged and then changes nothing. All of a table is taken or nothing:
one row that cannot be is shown with the reason. Strengths, schedules and the like never change this way;
they come in with a supplier's list, which is checked and reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.dateparse import parse_date
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import Widget

from catalog.models import Price, Product, Supplier
from catalog.sheets import parsing
from catalog.sheets.parsing import Unreadable
from config import sets

if TYPE_CHECKING:
    from clinic.models import User

SHOWN = 200


class ChoiceWidget(Widget):
    """One of a few words."""

    def __init__(self, words: Sequence[str], *, is_optional: bool = False) -> None:
        super().__init__()
        self.words = words
        self.is_optional = is_optional

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if value in self.words or (not value and self.is_optional):
            return str(value)
        raise ValueError(f"“{value}” is none of {', '.join(self.words)}.")


class DayWidget(Widget):
    """A day as 2026-11-30."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        if not value:
            return None
        try:
            found = parse_date(str(value))
        except ValueError:
            found = None
        if found is None:
            raise ValueError(f"“{value}” is no day. Please write it as 2026-11-30.")
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class PriceWidget(Widget):
    """Dollars and cents; empty where there is no price any more."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        if not value:
            return None
        try:
            found = parsing.price(str(value))
        except Unreadable:
            found = None
        if found is None:
            raise ValueError(f"“{value}” is no price. Please write it as 73.50.")
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class Outcome(Result):
    """What became of a table; of many rows only the first are shown."""

    def valid_rows(self) -> list[Any]:
        shown: list[Any] = super().valid_rows()[:SHOWN]
        return shown


class Loader(BaseInstanceLoader):
    """The records that a table is about, all fetched at once."""

    def __init__(self, resource: Table, dataset: Any) -> None:
        super().__init__(resource, dataset)
        column = resource.identity
        keys = {key for key in dataset[column] if key} if column in dataset.headers else set()
        self.known = resource.fetch({key for key in keys if resource.is_key(key)})

    def get_instance(self, row: dict[str, Any]) -> Any:
        return self.known.get(row.get(self.resource.identity) or "")


class Table(ModelResource):
    """One kind of record as a plain table."""

    identity = "id"
    needed: tuple[str, ...] = ()
    name = ""  # of one record, for people

    class Meta:
        use_bulk = True
        use_transactions = True
        batch_size = None  # all at once: nothing is half-written
        skip_unchanged = True
        report_skipped = False
        instance_loader_class = Loader

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by: User | None = None
        self.why = "A table came in."
        self.met: dict[Any, int] = {}

    def get_result_class(self) -> type[Outcome]:
        return Outcome

    @staticmethod
    def is_key(key: str) -> bool:
        try:
            UUID(key)
        except ValueError:
            return False
        return True

    def fetch(self, keys: set[str]) -> dict[str, Any]:
        return {str(pk): record for pk, record in self._meta.model.objects.in_bulk(list(keys)).items()}

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.by = kwargs.get("user")
        self.why = f"Table {kwargs.get('file_name') or 'without a name'}."[:200]

    def get_instance(self, instance_loader: Loader, row: dict[str, Any]) -> Any:
        return instance_loader.get_instance(row)

    def meet(self, key: Any, number: int) -> None:
        """Note that row ``number`` is about ``key``.

        :raises ValidationError: another row is too
        """
        if key in self.met:
            raise ValidationError(f"Row {self.met[key]} is about the same {self.name}.")
        self.met[key] = number

    def get_import_fields(self) -> list[Field]:
        """Those that the table has: what it says nothing of stays as it is."""
        fields: list[Field] = super().get_import_fields()
        return fields

    def import_field(
        self, field: Field, instance: Any, row: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        if field.column_name in row and not field.readonly:
            super().import_field(field, instance, row, *args, **kwargs)

    def stay_as_they_are(self, instance: Any, row: dict[str, Any], why: str) -> None:
        """Hold what the table says of fields that it cannot change against what is known.

        :raises ValidationError: it says something else
        """
        errors = {
            field.column_name: [why]
            for field in self.get_import_fields()
            if field.readonly and field.column_name in row
            if not _same(row[field.column_name], field.export(instance))
        }
        if errors:
            raise ValidationError(errors)

    def validate_instance(self, instance: Any, import_validation_errors: Any = None, *args: Any) -> None:
        """Look at what can be told without asking the database, which looks at the rest itself."""
        errors = dict(import_validation_errors or {})
        related = [field.name for field in self._meta.model._meta.fields if field.is_relation]
        try:
            instance.clean_fields(exclude={*errors, *related})
        except ValidationError as problem:
            errors = problem.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        instance.row = kwargs["row_number"], row
        super().save_instance(instance, is_create, row, **kwargs)

    def bulk_create(self, *args: Any, result: Any = None, **kwargs: Any) -> None:
        self._write(self.create_instances, result, self.add)

    def bulk_update(self, *args: Any, result: Any = None, **kwargs: Any) -> None:
        self._write(self.update_instances, result, self.change)

    def add(self, records: list[Any]) -> None:
        sets.add_all(records, by=self.by, why=self.why)

    def change(self, records: list[Any]) -> None:
        names = [field.attribute for field in self.get_import_fields() if not field.readonly]
        sets.change_each(records, names, by=self.by, why=self.why)

    def _write(self, records: list[Any], result: Any, write: Callable[[list[Any]], None]) -> None:
        """Write records with their history; where the database refuses, find out which rows it means."""
        try:
            with transaction.atomic():
                write(records)
        except (IntegrityError, DataError):
            wrong = [(record.row, why) for record in records if (why := _wrong(record))]
            if not wrong:
                raise
            for (number, row), why in wrong:
                result.append_invalid_row(number, row, why)
        finally:
            records.clear()


def _wrong(record: Any) -> ValidationError | None:
    try:
        record.full_clean()
    except ValidationError as problem:
        return problem
    return None


def _same(said: Any, known: Any) -> bool:
    said, known = str(said or ""), str("" if known is None else known)
    if said == known or " ".join(known.split()) == said:
        return True
    try:
        return Decimal(said) == Decimal(known)
    except InvalidOperation:
        return False


class SupplierTable(Table):
    """Suppliers, by the key that names their layout."""

    identity = "key"
    needed = ("key", "name")
    name = "supplier"

    class Meta(Table.Meta):
        model = Supplier
        fields = ("key", "name", "email")

    @staticmethod
    def is_key(key: str) -> bool:
        return bool(key)

    def fetch(self, keys: set[str]) -> dict[str, Any]:
        return {supplier.key: supplier for supplier in Supplier.objects.filter(key__in=keys)}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        if not row["key"]:
            raise ValidationError({"key": ["A supplier needs a key: botanitech."]})
        self.meet(row["key"], kwargs["row_number"])


class ProductTable(Table):
    """Products that are there already; only plain facts of them change."""

    needed = ("id",)
    name = "product"
    supplier = Field("supplier__name", "supplier")
    wholesale = Field("wholesale", "wholesale")
    retail = Field("retail", "retail")
    supply = Field("supply", "supply", widget=ChoiceWidget(Product.Supply.values))
    available_on = Field("available_on", "available_on", widget=DayWidget())
    CHANGEABLE = (
        *("product_code", "strain_type", "cultivar", "lineage", "terpenes", "storage", "packaging"),
        *("supply", "availability", "available_on"),
    )

    class Meta(Table.Meta):
        model = Product
        fields = (
            *("id", "supplier", "brand", "name", "gtin13", "product_code", "pbs_code", "dose_form"),
            *("size_value", "size_unit", "strength", "thc_op", "thc_value", "thc_unit", "thc_basis"),
            *("cbd_op", "cbd_value", "cbd_unit", "cbd_basis", "tga_category", "schedule", "pathway"),
            *("artg_id", "strain_type", "cultivar", "lineage", "terpenes", "storage", "packaging"),
            *("supply", "availability", "available_on", "wholesale", "retail"),
        )
        export_order = fields

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, field in self.fields.items():
            field.readonly = name not in self.CHANGEABLE

    def fetch(self, keys: set[str]) -> dict[str, Any]:
        found = Product.objects.filter(pk__in=keys).select_related("supplier").with_prices()
        return {str(product.pk): product for product in found}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        self.meet(row["id"], kwargs["row_number"])
        if row.get("supplier") and row["supplier"] not in self.suppliers:
            raise ValidationError({"supplier": [f"There is no supplier “{row['supplier']}”."]})

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self.suppliers = set(Supplier.objects.values_list("name", flat=True))

    def init_instance(self, row: Any = None) -> Product:
        raise ValidationError(
            {"id": ["No product has this ID. New products come in with a supplier's list, under Imports."]}
        )

    def import_instance(self, instance: Product, row: dict[str, Any], **kwargs: Any) -> None:
        self.stay_as_they_are(
            instance, row, "This is not changed by a table; it comes in with a supplier's list."
        )
        super().import_instance(instance, row, **kwargs)


class PriceTable(Table):
    """Prices, each with the day from which it holds. One that is there never changes; new ones are added."""

    needed = ("product", "kind", "amount", "effective_on")
    name = "product, kind and day"
    product = Field("product_id", "product", readonly=True)
    supplier = Field("product__supplier__name", "supplier", readonly=True)
    product_name = Field("product__name", "name", readonly=True)
    kind = Field("kind", "kind", widget=ChoiceWidget(Price.Kind.values))
    amount = Field("amount", "amount", widget=PriceWidget())
    gst = Field("gst", "gst", widget=ChoiceWidget(Price.Gst.values, is_optional=True))
    effective_on = Field("effective_on", "effective_on", widget=DayWidget())

    class Meta(Table.Meta):
        model = Price
        fields = ("id", "product", "supplier", "product_name", "kind", "amount", "gst", "effective_on")
        export_order = fields

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["id"].readonly = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        keys = [key for key in dataset["product"] if self.is_key(key)]
        self.products = {
            str(product.pk): product
            for product in Product.objects.filter(pk__in=keys).select_related("supplier")
        }
        in_force = Price.objects.filter(product__in=keys).order_by("pk")
        self.last = {(price.product_id, price.kind, price.effective_on): price for price in in_force}

    def fetch(self, keys: set[str]) -> dict[str, Any]:
        found = Price.objects.filter(pk__in=keys).select_related("product__supplier")
        return {str(price.pk): price for price in found}

    def init_instance(self, row: dict[str, Any]) -> Price:
        if row.get("id"):
            raise ValidationError({"id": ["No price has this ID. Please leave it empty for a new price."]})
        product = self.products.get(row["product"])
        if product is None:
            raise ValidationError({"product": ["No product has this ID."]})
        return Price(product=product, recorded_by=self.by)

    def import_instance(self, instance: Price, row: dict[str, Any], **kwargs: Any) -> None:
        was = instance.amount, instance.kind, instance.gst, instance.effective_on
        self.stay_as_they_are(
            instance, {name: said for name, said in row.items() if name != "id"}, "This is another product's."
        )
        super().import_instance(instance, row, **kwargs)
        if row.get("id"):
            self.meet(row["id"], kwargs["row_number"])
            if was != (instance.amount, instance.kind, instance.gst, instance.effective_on):
                raise ValidationError(
                    "A price that is there never changes. Please leave the ID empty to add a new one."
                )
            return
        if instance.effective_on is None:
            raise ValidationError({"effective_on": ["Please say from which day the price holds."]})
        self.meet((instance.product_id, instance.kind, instance.effective_on), kwargs["row_number"])

    def skip_row(
        self, instance: Price, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        """Leave out what is there: the same price from the same day on."""
        if import_validation_errors:
            return False
        if row.get("id"):
            return True
        last = self.last.get((instance.product_id, instance.kind, instance.effective_on))
        return last is not None and (last.amount, last.gst) == (instance.amount, instance.gst)

    def add(self, records: list[Price]) -> None:
        Price.objects.bulk_create(records)
