"""Everybody who can sign in, and the steps of their accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from clinic import enrolling, throttling
from clinic.admin.patients import CHECK_AGAIN
from clinic.forms.accounts import SigningDialog
from clinic.models import Role, User
from config.admin import RecordAdmin, step
from config.base import Refused, SignedInRequest

STAFF_ROLES = [choice for choice in Role.choices if choice[0] != Role.PATIENT]
COLOURS = {
    Role.MANAGER: "primary",
    Role.DOCTOR: "success",
    Role.RECEPTION: "info",
    Role.AUDITOR: "warning",
    Role.PATIENT: "default",
}


class ReasonDialog(SigningDialog):
    why = forms.CharField(label="Why?", max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))
    field_order = ["_form_submitted", "why", "code"]


class RoleDialog(ReasonDialog):
    role = forms.ChoiceField(label="New role", choices=STAFF_ROLES, widget=UnfoldAdminSelectWidget)
    field_order = ["_form_submitted", "role", "why", "code"]


class ResetDialog(SigningDialog):
    why = forms.CharField(
        label="How did you check that it is really them?",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    field_order = ["_form_submitted", "why", "code"]


class InviteDialog(SigningDialog):
    given_name = forms.CharField(
        label="Given names", max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )
    family_name = forms.CharField(label="Family name", max_length=100, widget=UnfoldAdminTextInputWidget)
    email = forms.EmailField(label="E-mail address", widget=UnfoldAdminEmailInputWidget)
    role = forms.ChoiceField(label="Role", choices=STAFF_ROLES, widget=UnfoldAdminSelectWidget)
    field_order = ["_form_submitted", "given_name", "family_name", "email", "role", "code"]


@admin.register(User)
class UserAdmin(RecordAdmin):
    list_display = ["show_name", "email", "show_role", "is_active", "show_second_factor", "last_login"]
    list_filter = [("role", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter)]
    search_fields = ["given_name", "family_name", "email"]
    ordering = ["family_name", "given_name", "pk"]
    fieldsets = [
        ("Person", {"classes": ["tab"], "fields": [("given_name", "family_name"), "email", "time_zone"]}),
        (
            "Account",
            {
                "classes": ["tab"],
                "fields": [
                    "show_role",
                    "is_active",
                    "show_lock",
                    "show_second_factor",
                    "last_login",
                    "created_at",
                ],
            },
        ),
    ]
    readonly_fields = [
        "email",
        "show_role",
        "is_active",
        "show_lock",
        "show_second_factor",
        "last_login",
        "created_at",
    ]
    actions_list = ["invite"]
    actions_detail = [
        {
            "title": "Account",
            "icon": "manage_accounts",
            "items": [
                "invite_again",
                "change_role",
                "reset_second_factor",
                "end_sessions",
                "lift_lock",
                "deactivate",
                "activate",
            ],
        }
    ]

    def get_queryset(self, request):
        apps = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).annotate(has_app=Exists(apps))

    def has_add_permission(self, request):
        return False  # patients sign themselves up, staff are invited

    def save_model(self, request, obj, form, change):
        if enrolling.change_person(obj, changed=form.changed_data, by=request.user):
            messages.warning(request, CHECK_AGAIN)

    @display(description="Name", ordering="family_name")
    def show_name(self, user: User) -> str:
        return str(user)

    @display(description="Role", label=COLOURS, ordering="role")
    def show_role(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()

    @display(description="Second factor", boolean=True)
    def show_second_factor(self, user: User) -> bool:
        return getattr(user, "has_app", False)

    @display(description="Passwords")
    def show_lock(self, user: User) -> str:
        until = throttling.shut_until(user.email)
        if until is None:
            return "Taken"
        return f"Not taken until {timezone.localtime(until):%H:%M}: there were too many wrong ones"

    @action(
        description="Invite",
        permissions=["invite"],
        icon="person_add",
        dialog={
            "title": "Invite one of the staff",
            "description": "They get a letter with a link to choose a password.",
            "form_class": InviteDialog,
            "form_submit_text": "Invite",
        },
    )
    def invite(self, request: SignedInRequest, form: InviteDialog) -> HttpResponse:
        data = {name: form.cleaned_data[name] for name in ("email", "role", "given_name", "family_name")}
        page = reverse("admin:clinic_user_changelist")
        try:
            user = enrolling.invite(data.pop("email"), by=request.user, **data)
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"{user} is invited. Their letter is on its way.")
            page = reverse("admin:clinic_user_change", args=[user.pk])
        return HttpResponse(headers={"HX-Redirect": page})  # the dialog is sent by htmx

    @step("Send invitation again", may="staff", icon="forward_to_inbox")
    def invite_again(self, request, user: User, form: BaseDialogForm) -> str:
        enrolling.send_invitation(user, by=request.user)
        return f"A new invitation to {user} is on its way. Older links still work until they are used."

    @step("Change role", may="staff", form=RoleDialog, icon="badge")
    def change_role(self, request, user: User, form: RoleDialog) -> str:
        role = form.cleaned_data["role"]
        enrolling.change_role(user, role, by=request.user, why=form.cleaned_data["why"])
        return f"{user} now works as {Role(role).label.lower()}."

    @step(
        "Reset second factor",
        may="reset",
        form=ResetDialog,
        icon="phonelink_erase",
        text="Their app and recovery codes stop working. At the next sign-in they set up a new app.",
    )
    def reset_second_factor(self, request, user: User, form: ResetDialog) -> str:
        enrolling.reset_second_factor(user, by=request.user, why=form.cleaned_data["why"])
        return f"{user} sets up a new second factor at the next sign-in."

    @step(
        "End sessions",
        may="staff",
        form=ReasonDialog,
        icon="logout",
        text="Wherever they are signed in, they are asked to sign in again.",
    )
    def end_sessions(self, request, user: User, form: ReasonDialog) -> str:
        count = enrolling.end_sessions(user, by=request.user, why=form.cleaned_data["why"])
        return f"{user} was signed in {count} times, and is no more." if count else f"{user} had no session."

    @step(
        "Lift lock",
        may="locked",
        form=ReasonDialog,
        icon="lock_open",
        text="After too many wrong passwords an account takes none for a while. It opens again by itself.",
    )
    def lift_lock(self, request, user: User, form: ReasonDialog) -> str:
        enrolling.lift_lock(user, by=request.user, why=form.cleaned_data["why"])
        return f"{user} can try again now."

    @step("Deactivate", may="deactivate", form=ReasonDialog, icon="person_off")
    def deactivate(self, request, user: User, form: ReasonDialog) -> str:
        enrolling.deactivate(user, by=request.user, why=form.cleaned_data["why"])
        return f"{user} cannot sign in any more."

    @step("Activate", may="activate", form=ReasonDialog, icon="how_to_reg")
    def activate(self, request, user: User, form: ReasonDialog) -> str:
        enrolling.activate(user, by=request.user, why=form.cleaned_data["why"])
        return f"{user} can sign in again."

    def has_invite_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.add_user")

    def has_staff_permission(self, request, object_id=None) -> bool:
        return self._may(request, object_id, role__in=[role for role, _ in STAFF_ROLES])

    def has_reset_permission(self, request, object_id=None) -> bool:
        return self._may(request, object_id, has_app=True)

    def has_locked_permission(self, request, object_id=None) -> bool:
        user = self.get_queryset(request).filter(pk=object_id).first()
        return bool(user) and self._may(request, object_id) and throttling.shut_until(user.email) is not None

    def has_deactivate_permission(self, request, object_id=None) -> bool:
        return self._may(request, object_id, is_active=True)

    def has_activate_permission(self, request, object_id=None) -> bool:
        return self._may(request, object_id, is_active=False)

    def _may(self, request: HttpRequest, object_id: str, **condition: Any) -> bool:
        """Whether the person looking is a manager, and whoever is looked at fits ``condition``."""
        rows = self.get_queryset(request).filter(pk=object_id, **condition)
        return self.has_invite_permission(request) and rows.exists()
