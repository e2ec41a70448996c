"""The admin site, and the admin every model of the four apps builds on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from django.apps import apps
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeData, mark_safe
from django.utils.text import capfirst
from django_otp import user_has_device
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin as UnfoldAdmin
from unfold.checks import UnfoldModelAdminChecks
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.sites import UnfoldAdminSite

from config import versions
from config.base import Record, Refused, list_viewed, record_viewed

# Only these pages of other packages are shown. Never the schedules as a form (whatever function one names
# there is run), nor second factors, e-mail addresses or sessions: our own rules change those.
TO_BE_LOOKED_AT = {"django_q.OrmQ", "django_q.Success", "django_q.Failure", "django_q.Schedule"}


class StaffSite(UnfoldAdminSite):
    """The staff's site: open to active staff who passed their second factor."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and _is_verified(request)

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., Any]:
        """Have no page for who is none of the staff, and none of a secret app for who is not signed in."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_known = request.user.is_authenticated
            if not request.user.is_staff and (is_known or self._is_secret(request)):
                raise Http404
            if any("\x00" in value for _, told in request.GET.lists() for value in told):
                return redirect(request.path)  # PostgreSQL takes no such text, and asks nothing of it
            return guarded(request, *args, **kwargs)

        return run

    def _is_secret(self, request: HttpRequest) -> bool:
        """Whether the address is of an app that says that it is not for the public (``is_secret``)."""
        label = request.path.removeprefix(reverse("admin:index")).partition("/")[0]
        return any(app.label == label and getattr(app, "is_secret", False) for app in apps.get_app_configs())

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send everybody to the one sign-in page, and staff to what they still lack."""
        wanted = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        if not request.user.is_staff:
            raise Http404  # for patients there is no staff site, and no catalogue (TG Act s 42DLB)
        if _is_verified(request):
            return redirect("admin:index")
        return redirect_to_login(
            wanted, reverse("otp-verify" if user_has_device(request.user) else "otp-enrol")
        )

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        get_adapter().logout(request)
        return redirect("account_login")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_change_password")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register what is ours; of what packages bring along, ``TO_BE_LOOKED_AT`` alone, and read-only."""
        if admin_class is None or not issubclass(admin_class, ScopedAdmin):
            models: Any = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
            model_or_iterable = [model for model in models if model._meta.label in TO_BE_LOOKED_AT]
            admin_class = _to_be_looked_at(admin_class or UnfoldAdmin)
        super().register(model_or_iterable, admin_class, **options)

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Answer the command palette. Unfold's own would keep the hits, names and all, in the cache."""
        term = request.GET.get("s", "").strip()
        hits = self._get_value(self._get_config("COMMAND", request)["search_callback"], request, term)
        swapped = {"HX-Trigger": "search"}
        return TemplateResponse(request, "admin/palette.html", {"hits": hits}, headers=swapped)


def _is_verified(request: HttpRequest) -> bool:
    """Whether this session passed its second factor (django-otp's middleware says so)."""
    return request.user.is_verified()  # type: ignore[union-attr]


def _to_be_looked_at(admin_class: type) -> type:
    """Give what a package brings along our look, and take from it whatever changes a row."""
    refused = dict.fromkeys(
        ("has_add_permission", "has_change_permission", "has_delete_permission"), lambda *_, **__: False
    )
    return type(admin_class.__name__, (admin_class, UnfoldAdmin), {**refused, "actions": []})


# What an address may ask about a column that the list shows; anything else would be a step to another table.
COMPARISONS = frozenset(
    {
        "id",
        "pk",
        "exact",
        "in",
        "gt",
        "gte",
        "lt",
        "lte",
        "range",
        "isnull",
        "date",
        "year",
        "month",
        "day",
        "quarter",
    }
)


# What Unfold's filters of a range add to the name of their column: days, or days with hours beside them.
RANGE = ("from", "to", "from_0", "from_1", "to_0", "to_1")


class NoDatabaseChecks(UnfoldModelAdminChecks):
    """Unfold's own look for permissions in the database, which is empty when ``migrate`` first runs."""

    def _check_unfold_action_permission_methods(self, obj: Any) -> list:
        return []


class ScopedAdmin(UnfoldAdmin):
    """Shows a person the rows they may see, and deletes nothing."""

    checks_class = NoDatabaseChecks
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    compressed_fields = True
    linked_lookups: tuple[str, ...] = ()  # columns by which other pages link to this list
    when_empty = ""  # how rows come to be here, told where there are none

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def get_field_queryset(self, db, db_field, request):
        related = super().get_field_queryset(db, db_field, request)
        if related is None:
            related = db_field.remote_field.model._default_manager.using(db)
        return related.visible_to(request.user) if hasattr(related, "visible_to") else related

    def lookup_allowed(self, lookup, value, request):
        """Filter lists by what they show and by ``linked_lookups``, nothing else.

        Django lets an address ask about every column of the model, so that hidden ones could be
        guessed letter by letter from how many rows are found.
        """
        shown = {name for name in self.list_display if isinstance(name, str)}
        shown |= {"pk", "id", self.date_hierarchy or "pk", *self.linked_lookups}
        shown |= {path for spec in self.get_list_filter(request) for path in self._filter_paths(spec)}
        path = lookup.split("__")
        return any(
            "__".join(path[:depth]) in shown and COMPARISONS.issuperset(path[depth:])
            for depth in range(1, len(path) + 1)
        )

    @staticmethod
    def _filter_paths(spec: Any) -> set[str]:
        """What a list filter asks by: a name, that of a pair with its class, or a class's parameters."""
        if isinstance(spec, tuple | list):
            return {spec[0], *(f"{spec[0]}_{part}" for part in RANGE)}
        if isinstance(spec, str):
            return {spec}
        name = str(getattr(spec, "parameter_name", ""))
        return {name, *(f"{name}_{part}" for part in getattr(spec, "PARTS", ()))}

    def has_delete_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        """Call a list by what is on it: Django's title tells to choose one."""
        title = capfirst(self.opts.verbose_name_plural)
        page = super().changelist_view(request, {"title": title, **(extra_context or {})})
        if (shown := (getattr(page, "context_data", None) or {}).get("cl")) is not None:
            list_viewed.send(
                self.model, request=request, rows=len(shown.result_list), searched=bool(shown.query)
            )
        return page

    def changeform_view(self, request, *args, **kwargs):
        """Answer a form that cannot be kept as a mistake: Django says that all is well."""
        page = super().changeform_view(request, *args, **kwargs)
        if (getattr(page, "context_data", None) or {}).get("errors"):
            page.status_code = HTTPStatus.BAD_REQUEST
        return page

    def change_view(self, request, object_id, *args, **kwargs):
        return self.tell_opened(request, object_id, super().change_view(request, object_id, *args, **kwargs))

    def tell_opened(self, request: HttpRequest, object_id: str, page: HttpResponse) -> HttpResponse:
        """Tell that ``page`` shows the record. A refusal never gets here, or leads elsewhere."""
        if request.method == "GET" and page.status_code == HTTPStatus.OK:
            record = self.get_visible_or_404(request, unquote(object_id))  # as Django reads the address
            record_viewed.send(type(record), record=record, request=request, action="read")
        return page

    def get_visible_or_404(self, request: HttpRequest, object_id: str) -> Record:
        record = self.get_object(request, object_id)
        if record is None:
            raise Http404
        return record

    def message_user(self, request, message, *args, **kwargs):
        """Say what happened, without Django's praise."""
        plain = str(message).replace(" successfully", "")
        if isinstance(message, SafeData):
            plain = mark_safe(plain)  # noqa: S308  as safe as it came
        super().message_user(request, plain, *args, **kwargs)

    def log_addition(self, request, obj, message):
        """The audit trail has it, with more; a second log would only drift."""

    def log_change(self, request, obj, message):
        """The audit trail has it, with more; a second log would only drift."""


class FactAdmin(ScopedAdmin):
    """Rows that are written once: to be looked at."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        # What is written once has no versions to look at.
        return super().change_view(
            request, object_id, form_url, {"show_history": False, **(extra_context or {})}
        )

    def history_view(self, request, object_id, extra_context=None):
        raise Http404


class PossibleButtons(ScopedAdmin):
    """Offers only the buttons that can do something to the record as it is now; the rules refuse anyway."""

    def possible(self, record: Any) -> set[str]:
        """The names of those buttons: all of them, where an admin knows of nothing against any."""
        return set(self.actions_detail)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        record = self.get_object(request, object_id)
        if record is None:
            return []
        prefix, names = f"{self.opts.app_label}_{self.opts.model_name}_", self.possible(record)
        offered = super().get_actions_detail(request, object_id)
        return [button for button in offered if button.action_name.removeprefix(prefix) in names]


class RecordAdmin(SimpleHistoryAdmin, ScopedAdmin):
    """A record with its history, guarded like the record itself."""

    def history_view(self, request, object_id, extra_context=None):
        # simple_history falls back on the history table for a row that get_queryset hides.
        self.get_visible_or_404(request, object_id)
        page = super().history_view(request, object_id, extra_context)
        return self.tell_opened(request, object_id, page)

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        # simple_history takes a POST from people who may only look, and writes the old version back.
        self.get_visible_or_404(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        # Buttons lead to the pages of the record; its versions, which are told here, have none.
        told = {"opts": self.opts, **(extra_context or {})}
        page = super().history_form_view(request, object_id, version_id, told)
        return self.tell_opened(request, object_id, page)

    def set_history_delta_changes(self, request, historical_records, foreign_keys_are_objs=True):
        versions.tell_changes(
            list(historical_records),
            by=lambda version: self.get_historical_record_context_helper(request, version),
        )

    def get_historical_record_context_helper(self, request, historical_record):
        return versions.InWords(self.model, historical_record)


def step(
    title: str, *, may: str, form: type[BaseDialogForm] = BaseDialogForm, text: str = "", **options: Any
) -> Callable[..., Callable[..., HttpResponse]]:
    """A button on a record's page that asks one rule and tells what came of it.

    It opens a dialog, so the rule is asked by POST. ``may`` is the permission, as
    ``has_<may>_permission``; ``text`` explains in the dialog what will happen. The function returns
    the sentence to show, or an address to go to (``HttpResponseRedirect``).
    """

    def decorate(ask: Callable[..., str | HttpResponse]) -> Callable[..., HttpResponse]:
        dialog = {"title": title, "description": text, "form_class": form, "form_submit_text": title}

        @action(description=title, permissions=[may], dialog=dialog, **options)
        @wraps(ask)
        def run(
            self: ScopedAdmin, request: HttpRequest, form: BaseDialogForm, object_id: str
        ) -> HttpResponse:
            record = self.get_visible_or_404(request, object_id)
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
            try:
                told = ask(self, request, record, form)
            except Refused as no:
                messages.error(request, str(no))
            else:
                if isinstance(told, HttpResponse):
                    page = told.headers["Location"]
                else:
                    messages.success(request, told)
            return HttpResponse(headers={"HX-Redirect": page})  # the dialog is sent by htmx

        @wraps(run)
        def seen(self: ScopedAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
            answer = run(self, request, object_id=object_id)
            if "HX-Redirect" not in answer.headers:  # only asked so far: not about a row that is hidden
                self.get_visible_or_404(request, object_id)
            return answer

        return seen

    return decorate
