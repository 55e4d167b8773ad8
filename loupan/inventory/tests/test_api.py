"""The doors of CONTRACT 3 for property: board, units, imports."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loupan.core.sheets.testing import open_data
from loupan.inventory.models import Unit, UnitImport
from loupan.inventory.testing import a_unit
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, the_cast, token_for

pytestmark = pytest.mark.django_db


def api(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_for(user)}"})


def upload(
    client: Client, project: Project, content: bytes, name: str = "u.csv", **form: Any
) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(f"/api/v1/projects/{project.pk}/unit-imports/", {"file": file, **form})


def test_the_board_gives_the_units_and_then_only_what_changed() -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    answer = api(cast.lin).get(f"/api/v1/projects/{cast.project.pk}/board/?building=1")
    assert answer.status_code == 200
    found = answer.json()
    assert found["units"][0] == {
        "id": unit.pk,
        "number": "1-1-1803",
        "building": "1",
        "entrance": "1",
        "floor": 18,
        "position": 3,
        "room_no": "1803",
        "floors_spanned": 1,
        "status": "available",
        "product_type": "flat",
        "layout": "",
        "orientation": "",
        "view": "",
        "built_area": "118.62",
        "inner_area": "94.37",
        "list_unit_price": "12830.00",
        "list_total": "1521895.00",
        "claim_until": None,
        "claim_label": "",
        "flags": [],
    }
    assert found["buildings"][0]["entrances"][0]["code"] == "1"
    later = api(cast.lin).get(
        f"/api/v1/projects/{cast.project.pk}/board/", {"since": found["version"]}
    )
    assert later.json()["units"] == []
    assert later.json()["removed"] == []


def test_floor_prices_are_on_the_board_of_who_may_see_them() -> None:
    project = a_project()
    a_unit(project)
    path = f"/api/v1/projects/{project.pk}/board/"
    assert "floor_total" not in api(a_user("SC", project)).get(path).json()["units"][0]
    assert api(a_user("PD", project)).get(path).json()["units"][0]["floor_total"] == "1411578.00"


@pytest.mark.parametrize("path", ["board/", "units/", "unit-imports/"])
def test_another_project_is_not_there(path: str) -> None:
    cast = the_cast()
    answer = api(cast.wei).get(f"/api/v1/projects/{cast.project.pk}/{path}")
    assert answer.status_code == 404


def test_a_unit_or_an_import_of_another_project_is_not_there() -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    clerk = a_user("CC", cast.project)
    batch = upload(api(clerk), cast.project, b"building,floor,room\n1,3,301\n").json()
    stranger = api(a_user("CC", cast.other_project))
    assert stranger.get(f"/api/v1/units/{unit.pk}/").status_code == 404
    assert stranger.get(f"/api/v1/unit-imports/{batch['id']}/").status_code == 404
    assert stranger.delete(f"/api/v1/unit-imports/{batch['id']}/").status_code == 404
    assert api(cast.lin).get(f"/api/v1/unit-imports/{batch['id']}/").status_code == 403
    assert api(cast.lin).get(f"/api/v1/units/{unit.pk}/").json()["number"] == "1-1-1803"


def test_who_may_not_import_is_told_so() -> None:
    cast = the_cast()
    answer = upload(api(cast.lin), cast.project, b"building,floor,room\n1,3,301\n")
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert not UnitImport.objects.exists()


def test_a_price_list_comes_in_over_the_api_and_is_undone() -> None:
    project = a_project()
    client = api(a_user("PD", project))
    path = open_data("sz_presale_siji", "siji_units_shortroomno.xls")
    tried = upload(client, project, path.read_bytes(), path.name, dry_run="true")
    assert tried.status_code == 201
    assert {key: tried.json()[key] for key in ("dry_run", "created", "refused", "errors")} == {
        "dry_run": True,
        "created": 292,
        "refused": 0,
        "errors": [],
    }
    assert not Unit.objects.exists()

    done = upload(client, project, path.read_bytes(), path.name).json()
    assert (done["dry_run"], done["created"], done["state"]) == (False, 292, "done")
    board = client.get(f"/api/v1/projects/{project.pk}/board/").json()
    assert len(board["units"]) == 292
    again = upload(client, project, path.read_bytes(), path.name).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 292)

    assert client.delete(f"/api/v1/unit-imports/{done['id']}/").status_code == 204
    assert not Unit.objects.exists()
    second = client.delete(f"/api/v1/unit-imports/{done['id']}/")
    assert (second.status_code, second.json()["code"]) == (409, "import_not_done")
    assert client.get(f"/api/v1/unit-imports/{done['id']}/").json()["state"] == "undone"
    listed = client.get(f"/api/v1/projects/{project.pk}/unit-imports/?limit=2").json()
    assert len(listed["items"]) == 2
    assert listed["next"]


def test_refused_rows_are_listed_with_row_column_value_and_reason() -> None:
    project = a_project()
    text = "building,floor,room,area\n1,3,301,abc\n1,3,302,88\n"
    answer = upload(api(a_user("PD", project)), project, text.encode()).json()
    assert (answer["created"], answer["refused"]) == (1, 1)
    error = answer["errors"][0]
    assert (error["row"], error["column"], error["value"]) == (2, "built_area", "abc")
    assert error["reason"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\x00\xff" * 5_000_000, None),
        (b"%PDF-1.7", "not_a_spreadsheet"),
        (b"PK\x03\x04" + b"0" * 1000, "damaged_workbook"),
        ("天,地\n1,2\n".encode(), None),
    ],
    ids=["empty", "ten megabytes of junk", "pdf", "broken", "no units"],
)
def test_what_is_no_price_list_is_409_and_leaves_nothing(content: bytes, code: str | None) -> None:
    project = a_project()
    answer = upload(api(a_user("PD", project)), project, content)
    assert answer.status_code == 409
    assert answer.json()["detail"]
    assert code is None or answer.json()["code"] == code
    assert not UnitImport.objects.exists()


@pytest.mark.parametrize(
    "mapping", ["{", "[]", '{"x": 1}', '{"room": 1}', '{"nonsense": "A"}', "[" * 5000]
)
def test_a_wrong_mapping_is_422(mapping: str) -> None:
    project = a_project()
    answer = upload(
        api(a_user("PD", project)), project, b"building,floor,room\n1,3,301\n", mapping=mapping
    )
    assert answer.status_code == 422
    assert "mapping" in answer.json()["fields"]


def test_a_mapping_names_the_columns() -> None:
    project = a_project()
    mapping = json.dumps({"building": "A", "floor": "B", "room": "C"})
    answer = upload(
        api(a_user("PD", project)), project, "甲,乙,丙\n1,3,301\n".encode(), mapping=mapping
    )
    assert answer.json()["created"] == 1
    wrong = json.dumps({"building": "nowhere"})
    refused = upload(
        api(a_user("PD", project)), project, b"building,floor,room\n1,3,301\n", mapping=wrong
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "column_not_found")


@pytest.mark.parametrize(
    "query", ["since=-1", "since=abc", "since=99999999999999999999", "building=" + "x" * 300]
)
def test_what_was_typed_wrong_is_422(query: str) -> None:
    project = a_project()
    answer = api(a_user("SC", project)).get(f"/api/v1/projects/{project.pk}/board/?{query}")
    assert answer.status_code == 422


def test_a_body_that_is_no_form_is_no_server_error() -> None:
    project = a_project()
    client = api(a_user("PD", project))
    path = f"/api/v1/projects/{project.pk}/unit-imports/"
    for kind in ("application/json", "multipart/form-data", "text/plain"):
        answer = client.post(path, b"\xff" * 100_000, content_type=kind)
        assert 400 <= answer.status_code < 500
