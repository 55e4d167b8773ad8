"""Logo and line at the head of papers: set, inherited down the tree, refused, shown (ORG-01)."""

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from loupan.core.audit import history_of
from loupan.core.pictures import clean_picture
from loupan.core.refusals import ChangedMeanwhile
from loupan.org import queries
from loupan.org.actions.letterheads import set_letterhead
from loupan.org.actions.structure import make_company
from loupan.org.models import Company, Letterhead
from loupan.org.testing import Cast, a_user, signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def company(cast: Cast) -> Company:
    return cast.project.company


def a_logo(kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", (300, 100), "navy").save(buffer, kind)
    return buffer.getvalue()


def put(cast: Cast, company: Company, line: str = "客服 400-000", **kwargs: Any) -> Letterhead:
    given = {"version": 0, "by": cast.ad, "at": timezone.now(), **kwargs}
    return set_letterhead(company_id=company.pk, line=line, **given)


def test_a_company_without_one_takes_the_nearest_above(cast: Cast, company: Company) -> None:
    below = make_company(
        name="子公司", code="SUB", parent_id=company.pk, by=cast.ad, at=timezone.now()
    )
    assert queries.letterhead_of(below) is None
    put(cast, company, logo=clean_picture(a_logo()))
    found = queries.letterhead_of(below)
    assert found is not None
    assert (found.company, found.line, bool(found.logo)) == (company, "客服 400-000", True)
    put(cast, below, line="子公司 热线")
    own = queries.letterhead_of(below)
    assert own is not None
    assert (own.line, own.logo) == ("子公司 热线", None)


def test_the_logo_stays_until_it_is_taken_off(cast: Cast, company: Company) -> None:
    put(cast, company, logo=clean_picture(a_logo("JPEG")))
    kept = put(cast, company, line="新行", version=1)
    assert (bool(kept.logo), kept.media_type) == (True, "image/jpeg")
    gone = put(cast, company, line="新行", version=2, keeps_logo=False)
    assert gone.logo is None
    entry = history_of(company)[0]
    assert (entry.event, entry.before, entry.after) == (
        "org.letterhead.changed", {"logo": True}, {"logo": False},
    )  # fmt: skip


def test_only_who_administers_the_company_sets_it(cast: Cast, company: Company) -> None:
    for user in (cast.lin, a_user("PD", cast.project)):
        with pytest.raises(PermissionDenied):
            put(cast, company, by=user)
        assert signed_in(user).get(f"/org/companies/{company.pk}/letterhead/").status_code == 403
    assert not Letterhead.objects.exists()


def test_two_who_change_it_at_once(cast: Cast, company: Company) -> None:
    put(cast, company)
    with pytest.raises(ChangedMeanwhile):
        put(cast, company, line="anders")


def test_the_page_takes_a_picture_and_refuses_what_is_none(cast: Cast, company: Company) -> None:
    client, url = signed_in(cast.ad), f"/org/companies/{company.pk}/letterhead/"
    assert client.get(url).status_code == 200
    assert client.get(f"/org/companies/{company.pk}/logo/").status_code == 404
    wrong = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>")
    answer = client.post(url, {"line": "", "file": wrong, "version": "0"})
    assert answer.status_code == 422
    right = SimpleUploadedFile("x.png", a_logo())
    assert client.post(url, {"line": "热线", "file": right, "version": "0"}).status_code == 302
    shown = client.get(f"/org/companies/{company.pk}/logo/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert "热线" in client.get(url).content.decode()


def test_the_api_sets_and_reads_it(cast: Cast, company: Company) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.ad)}"})
    url = f"/api/v1/companies/{company.pk}/letterhead/"
    assert client.get(url).json() == {
        "line": "", "has_logo": False, "company_id": None, "version": 0,
    }  # fmt: skip
    sent = {"line": "热线", "version": "0", "file": SimpleUploadedFile("x.png", a_logo())}
    assert client.post(url, sent).json()["has_logo"] is True
    assert client.post(url, {"line": "x", "version": "0"}).status_code == 409
    kept = client.post(url, {"line": "x", "version": "1"}).json()
    assert (kept["line"], kept["has_logo"], kept["version"]) == ("x", True, 2)
    bad = {"line": "x", "version": "2", "file": SimpleUploadedFile("x.png", b"none")}
    assert client.post(url, bad).status_code == 409
    lin = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    assert lin.get(url).status_code == 403
