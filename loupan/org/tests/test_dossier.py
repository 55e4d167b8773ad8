"""The dossier of a project: kept by a few, read by everybody who works there (PRJ-02)."""

import pytest
from django.test import Client

from loupan.core.models import AuditEvent
from loupan.org.models import DossierEntry
from loupan.org.testing import a_user, signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db

ENTRY = {"section": "questions", "title": "学区怎么划？", "text": "以教育局公布为准。", "sort": 0}


def test_marketing_writes_it_and_a_consultant_finds_it_by_a_word() -> None:
    cast = the_cast()
    mk = signed_in(a_user("MK", cast.project))
    assert mk.post("/org/dossier/new/", {**ENTRY, "is_in_use": "on"}).status_code == 302
    lin = signed_in(cast.lin)
    assert "学区怎么划" in lin.get("/org/dossier/?q=教育局").content.decode()
    assert "学区怎么划" not in lin.get("/org/dossier/?q=地铁").content.decode()
    assert AuditEvent.objects.latest("pk").event == "org.dossier_entry.made"


def test_what_is_out_of_use_is_seen_by_its_keeper_alone() -> None:
    cast = the_cast()
    DossierEntry.objects.create(project=cast.project, **ENTRY, is_in_use=False)
    assert "学区" in signed_in(a_user("MK", cast.project)).get("/org/dossier/").content.decode()
    assert "学区" not in signed_in(cast.lin).get("/org/dossier/").content.decode()


def test_a_consultant_does_not_write_it_and_nobody_sees_another_projects() -> None:
    cast = the_cast()
    row = DossierEntry.objects.create(project=cast.project, **ENTRY)
    assert signed_in(cast.lin).post("/org/dossier/new/", ENTRY).status_code == 403
    elsewhere = a_user("MK", cast.other_project)
    assert signed_in(elsewhere).get(f"/org/dossier/{row.pk}/").status_code == 404
    assert "学区" not in signed_in(elsewhere).get("/org/dossier/").content.decode()


def test_the_api_makes_changes_and_refuses_a_stale_or_double_one() -> None:
    cast = the_cast()
    key = token_for(a_user("MK", cast.project))
    client = Client(headers={"Authorization": f"Bearer {key}"})
    path = f"/api/v1/projects/{cast.project.pk}/dossier/"
    made = client.post(path, ENTRY, content_type="application/json")
    assert made.status_code == 201
    again = client.post(path, ENTRY, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (422, "invalid")
    change = {**ENTRY, "text": "每年公布。", "version": made.json()["version"]}
    one = f"/api/v1/dossier/{made.json()['id']}/"
    assert client.put(one, change, content_type="application/json").status_code == 200
    stale = client.put(one, change, content_type="application/json")
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    assert [row["text"] for row in client.get(path).json()["items"]] == ["每年公布。"]
