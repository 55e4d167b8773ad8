"""The register of functions, and the product as somebody sees it (ORG-06, ORG-08)."""

import pytest
from django.utils.timezone import now

from loupan.org import errors, queries
from loupan.org.actions.structure import edit_role
from loupan.org.models import Role
from loupan.org.permissions import guarded_fields, known_permissions
from loupan.org.testing import a_user, signed_in, the_cast

pytestmark = pytest.mark.django_db


def test_every_function_is_listed_with_its_roles_and_how_many_hold_it() -> None:
    cast = the_cast()
    auditor = a_user("AU", company=cast.project.company, scopes={"org": "group"})
    rows = {row.name: row for row in queries.functions_of(auditor, now())}
    assert set(rows) == set(known_permissions())
    assert rows["inventory.read_floor_price"].is_field
    assert not rows["sales.reserve_unit"].is_field
    assert "SC" in rows["sales.reserve_unit"].roles
    assert rows["sales.reserve_unit"].people >= 2  # Lin and Wei.
    assert rows["org.manage"].people == 1


def test_people_out_of_sight_are_not_counted() -> None:
    cast = the_cast()
    stranger = a_user("AD", scopes={"org": "project"})
    rows = {row.name: row for row in queries.functions_of(stranger, now())}
    assert rows["sales.reserve_unit"].people == 0
    assert cast.lin.is_active


def test_a_function_nobody_has_is_marked_until_a_role_gets_it() -> None:
    cast = the_cast()
    for role in Role.objects.all():
        role.permissions = [name for name in role.permissions if name != "sales.quote"]
        role.save(update_fields=["permissions"])
    page = signed_in(cast.ad).get("/org/functions/").content.decode()
    assert page.count("no role yet") + page.count("尚无角色") >= 1


def test_a_role_is_not_given_what_no_function_asks_for() -> None:
    cast = the_cast()
    role = Role.objects.get(code="SC")
    with pytest.raises(errors.PermissionUnknown):
        edit_role(
            role_id=role.pk, name=role.name, name_en="", permissions=["sales.give_away"],
            scopes=role.scopes, version=role.version, by=cast.ad, at=now(),
        )  # fmt: skip


def test_the_preview_tells_places_rights_and_numbers_but_no_rows() -> None:
    cast = the_cast()
    preview = queries.preview_of(cast.lin, cast.project)
    assert preview.right.project == cast.project
    assert {label for label, _count in preview.counts} >= {"客户", "交易"} or len(
        preview.counts
    ) >= 2
    assert len(preview.hidden_fields) == len(
        [name for name in guarded_fields() if not cast.lin.may(name, cast.project.pk)]
    )
    page = signed_in(cast.ad).get(f"/org/users/{cast.lin.pk}/preview/")
    assert page.status_code == 200
    assert preview.navigation[0] in page.content.decode()


def test_somebody_without_a_post_sees_no_project_in_the_preview() -> None:
    cast = the_cast()
    page = signed_in(cast.ad).get(f"/org/users/{cast.guest.pk}/preview/")
    assert page.status_code == 200


def test_only_who_reads_the_organisation_sees_the_preview() -> None:
    cast = the_cast()
    assert signed_in(cast.lin).get(f"/org/users/{cast.mo.pk}/preview/").status_code == 403
