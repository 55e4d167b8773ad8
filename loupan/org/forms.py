"""What people type about the organisation. Keys of `cleaned_data` are the actions' parameters."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayField, OfProjectForm
from loupan.core.pictures import MOST_BYTES, CleanPicture, NotAPicture, PictureTooBig, clean_picture
from loupan.org import queries
from loupan.org.hooks import Belongings
from loupan.org.models import (
    Department,
    DossierEntry,
    FunctionGroup,
    Post,
    PriceBasis,
    Project,
    Role,
    Scope,
    User,
)
from loupan.org.permissions import known_permissions

PHONE_TAIL = forms.RegexField(
    regex=r"^[0-9]{4}$",
    label=_("Phone tail"),
    help_text=_("The last four digits, to tell people of the same name apart."),
    required=False,
)


class ChosenId(forms.ModelChoiceField[Any]):
    """A choice among rows whose value is the row's id, as the actions take it."""

    def clean(self, value: Any) -> Any:
        row = super().clean(value)
        return row.pk if row else None


class ChosenPost(ChosenId):
    """Posts are told apart by role and place, not by name alone."""

    def label_from_instance(self, obj: Any) -> str:
        return queries.post_in_words(obj)


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    present_password = forms.CharField(
        label=_("Present password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password once more"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = " ".join(password_validators_help_texts())

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new_password"):
            raise ValidationError(_("The two new passwords differ."))
        return again


class ProfileForm(forms.Form):
    display_name = forms.CharField(label=_("Full name"), max_length=40)
    phone_tail = PHONE_TAIL
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.IntegerField(label=_("Good for (days)"), min_value=1, max_value=365, initial=30)


class _VersionedForm(forms.Form):
    """Carries the version of the row it was drawn from; a fresh row has none."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def changes(self) -> dict[str, Any]:
        """What to hand to the action: the version only where there is a row."""
        typed = dict(self.cleaned_data)
        if typed.get("version") is None:
            typed.pop("version", None)
        return typed


class CompanyForm(_VersionedForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    code = forms.CharField(label=_("Code"), max_length=20)
    parent_id = ChosenId(None, label=_("Belongs to"), required=False)
    tax_number = forms.CharField(label=_("Tax number"), max_length=30, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "parent_id", queries.companies_managed_by(by))
        self.fields["parent_id"].required = not queries.manages_everything(by)


class LetterheadForm(forms.Form):
    """Logo and line; the picture is drawn anew."""

    line = forms.CharField(
        label=_("Line under the name"),
        max_length=120,
        required=False,
        help_text=_("Address, phone or a motto; it stands at the head of every paper."),
    )
    file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("JPEG, PNG or WebP of up to 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    takes_off = forms.BooleanField(label=_("Take the logo off"), required=False)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, has_logo: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_logo:
            del self.fields["takes_off"]

    def clean_file(self) -> CleanPicture | None:
        file = self.cleaned_data["file"]
        if not file:
            return None
        try:
            return clean_picture(file.read(MOST_BYTES + 1))
        except (NotAPicture, PictureTooBig) as refusal:
            raise ValidationError(str(refusal)) from refusal

    def chosen(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {
            "line": typed["line"],
            "logo": typed["file"],
            "keeps_logo": not typed.get("takes_off"),
            "version": typed["version"],
        }


class ProjectForm(_VersionedForm):
    company_id = ChosenId(None, label=_("Company"))
    name = forms.CharField(label=_("Name"), max_length=80)
    code = forms.CharField(label=_("Code"), max_length=20)
    promotion_name = forms.CharField(label=_("Promotion name"), max_length=80, required=False)
    city = forms.CharField(label=_("City"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    price_basis = forms.ChoiceField(label=_("Price basis"), choices=PriceBasis.choices)
    is_open = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, by: User, row: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is None:
            companies = queries.companies_managed_by(by)
            _offer(self, "company_id", companies)
            if len(only := companies[:2]) == 1:
                self.fields["company_id"].initial = only[0].pk
            del self.fields["is_open"]
        else:
            del self.fields["company_id"]


class DossierForm(OfProjectForm):
    class Meta:
        model = DossierEntry
        fields = ["section", "title", "text", "sort", "is_in_use"]


class DepartmentForm(_VersionedForm):
    company_id = ChosenId(None, label=_("Company"))
    name = forms.CharField(label=_("Name"), max_length=80)
    project_id = ChosenId(
        None,
        label=_("Project"),
        required=False,
        help_text=_("A department of a project is a sales team."),
    )
    parent_id = ChosenId(None, label=_("Belongs to"), required=False)

    def __init__(self, *args: Any, by: User, row: Department | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects, parents = queries.org_projects_for(by), queries.departments_for(by)
        if row is None:
            _offer(self, "company_id", queries.companies_managed_by(by))
        else:
            del self.fields["company_id"]
            projects = projects.filter(company_id=row.company_id)
            parents = parents.filter(company_id=row.company_id).exclude(pk=row.pk)
        _offer(self, "project_id", projects)
        _offer(self, "parent_id", parents)


class PostForm(_VersionedForm):
    role_id = ChosenId(None, label=_("Role"))
    name = forms.CharField(label=_("Name"), max_length=80)
    company_id = ChosenId(None, label=_("Company"))
    project_id = ChosenId(
        None,
        label=_("Project"),
        required=False,
        help_text=_("Without a project the post reaches every project of the company and below."),
    )
    department_id = ChosenId(None, label=_("Department"), required=False)
    superior_id = ChosenId(None, label=_("Superior post"), required=False)
    denied = forms.MultipleChoiceField(
        label=_("Taken away from the role"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Beats any other post the person holds in the same project."),
    )
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)
    exception_reason = forms.CharField(
        label=_("Reason for an exception from the separation of duties"),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, by: User, row: Post | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "role_id", queries.roles())
        departments, superiors = queries.departments_for(by), queries.posts_for(by)
        if row is None:
            _offer(self, "company_id", queries.companies_managed_by(by))
            _offer(self, "project_id", queries.org_projects_for(by))
            del self.fields["is_active"], self.fields["exception_reason"]
        else:
            del self.fields["company_id"], self.fields["project_id"]
            departments = departments.filter(company_id=row.company_id)
            superiors = superiors.exclude(pk=row.pk)
        _offer(self, "department_id", departments)
        _offer(self, "superior_id", superiors)
        _choices(self, "denied", list(known_permissions().items()))
        _add_scopes(self, empty=_("As the role"), given=row.scopes if row else {})

    def clean(self) -> dict[str, Any]:
        return _gather_scopes(super().clean() or {})


class RoleForm(_VersionedForm):
    name = forms.CharField(label=_("Name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, row: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = known_permissions()
        unknown = {name: name for name in row.permissions if name not in known}
        _choices(self, "permissions", list({**known, **unknown}.items()))
        _add_scopes(self, empty="", given=row.scopes)

    def clean(self) -> dict[str, Any]:
        return _gather_scopes(super().clean() or {})


class UserForm(_VersionedForm):
    username = forms.RegexField(
        regex=r"^[\w.@+-]+$",
        label=_("User name"),
        max_length=150,
        help_text=_("Letters, digits and . @ + - _"),
    )
    display_name = forms.CharField(label=_("Full name"), max_length=40)
    phone_tail = PHONE_TAIL
    valid_until = DayField(label=_("Valid until"), required=False)

    def __init__(self, *args: Any, row: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            del self.fields["username"]


class HoldingForm(forms.Form):
    post_id = ChosenPost(None, label=_("Post"))
    starts_on = DayField(label=_("From"), required=False, help_text=_("Empty: from today."))
    ends_on = DayField(label=_("Until"), required=False, help_text=_("Empty: for good."))
    exception_reason = forms.CharField(
        label=_("Reason for an exception from the separation of duties"),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "post_id", queries.posts_for(by).filter(is_active=True))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


# Names typed on one line, told apart by commas of either script.
_BETWEEN_NAMES = re.compile(r"[,，、;；\n]+")
MOST_NAMES = 50


class StaffingForm(forms.Form):
    """The usual posts of a project: ticked roles, and the names of the people in each."""

    def __init__(self, *args: Any, roles: Sequence[Role], held: Mapping[str, int], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.roles = list(roles)
        for role in self.roles:
            there = held.get(role.code, 0)
            self.fields[f"wanted_{role.code}"] = forms.BooleanField(
                label=role.label, required=False, initial=not there
            )
            self.fields[f"names_{role.code}"] = forms.CharField(
                label=_("Names: %(role)s") % {"role": role.label},
                max_length=1000,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def rows(self, held: Mapping[str, int]) -> list[tuple[Any, Any, int]]:
        """Tick, names and number of posts there are, by role."""
        return [
            (self[f"wanted_{role.code}"], self[f"names_{role.code}"], held.get(role.code, 0))
            for role in self.roles
        ]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for role in self.roles:
            names = self._names(typed.get(f"names_{role.code}", ""))
            if any(len(name) > 40 for name in names) or len(names) > MOST_NAMES:
                self.add_error(
                    f"names_{role.code}", _("At most 50 names, each of at most 40 characters.")
                )
        if not self.names(typed) and not self.errors:
            self.add_error(None, _("Tick a role, or type a name."))
        return typed

    def names(self, typed: Mapping[str, Any]) -> dict[str, list[str]]:
        """The people by role code, as `staff_project` takes them; a name typed ticks its role."""
        return {
            role.code: names
            for role in self.roles
            for names in [self._names(typed.get(f"names_{role.code}", ""))]
            if names or typed.get(f"wanted_{role.code}")
        }

    @staticmethod
    def _names(text: str) -> list[str]:
        return [name for part in _BETWEEN_NAMES.split(text) if (name := part.strip())]


class HandOverForm(forms.Form):
    """Who takes over, project by project; what was counted is what is handed over."""

    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Needed when the account is disabled at the same time."),
    )
    is_leaving = forms.BooleanField(
        label=_("Disable the account at the same time"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, person: User, left: Sequence[Belongings], at: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expected"].initial = sum(one.count for one in left)
        self.projects = list(Project.objects.filter(pk__in={one.project_id for one in left}))
        for project in self.projects:
            field = ChosenId(
                queries.staff_of(project.pk, at).exclude(pk=person.pk),
                label=_("Successor in %(project)s") % {"project": project},
                help_text=", ".join(
                    f"{one.label} {one.count}" for one in left if one.project_id == project.pk
                ),
            )
            self.fields[f"successor_{project.pk}"] = field
        self.order_fields([f"successor_{project.pk}" for project in self.projects])

    @property
    def successors(self) -> dict[int, int]:
        return {p.pk: self.cleaned_data[f"successor_{p.pk}"] for p in self.projects}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("is_leaving") and not typed.get("reason"):
            self.add_error("reason", _("Say why the account is disabled."))
        return typed


def _offer(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


def _choices(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _add_scopes(form: forms.Form, *, empty: Any, given: Mapping[str, str]) -> None:
    for group in FunctionGroup:
        choices = [*([("", empty)] if empty else []), *Scope.choices]
        form.fields[f"scope_{group}"] = forms.ChoiceField(
            label=group.label,
            choices=choices,
            required=not empty,
            initial=given.get(group, "" if empty else Scope.NONE),
        )


def _gather_scopes(typed: dict[str, Any]) -> dict[str, Any]:
    """One mapping from the six scope fields; empty ones are left to the role."""
    scopes = {
        name.removeprefix("scope_"): value
        for name, value in typed.items()
        if name.startswith("scope_") and value
    }
    rest = {name: value for name, value in typed.items() if not name.startswith("scope_")}
    return {**rest, "scopes": scopes}
