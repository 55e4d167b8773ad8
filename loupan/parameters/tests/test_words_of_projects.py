"""A project's own words: said at a level, inherited, locked, told apart, and shown everywhere (PRM-06)."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loupan.core.audit import history_of
from loupan.org.actions.structure import make_project
from loupan.org.models import Project, User
from loupan.org.testing import Cast, signed_in, the_cast, token_for
from loupan.parameters import errors
from loupan.parameters.actions.values import clear_parameter, set_parameter
from loupan.parameters.models import ParameterValue
from loupan.parameters.queries.places import Place

pytestmark = pytest.mark.django_db
KEY = "words.sales.reservation"


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def say(cast: Cast, place: Place, word: str, key: str = KEY, **kwargs: Any) -> ParameterValue:
    return set_parameter(
        key=key, place=place, value=word, by=kwargs.pop("by", cast.ad), at=timezone.now(), **kwargs
    )


def words(project: Project) -> dict[str, str]:
    found: dict[str, str] = Project.objects.get(pk=project.pk).words
    return found


def test_the_lowest_level_that_says_a_word_is_heard_and_taken_back_the_one_above(
    cast: Cast,
) -> None:
    company, project = Place(company=cast.project.company), Place(project=cast.project)
    row = say(cast, company, "预订")
    assert words(cast.project) == {"sales.reservation": "预订"}
    say(cast, project, "预定")
    assert words(cast.project) == {"sales.reservation": "预定"}
    clear_parameter(key=KEY, place=project, by=cast.ad, at=timezone.now())
    assert words(cast.project) == {"sales.reservation": "预订"}
    clear_parameter(key=KEY, place=company, by=cast.ad, at=timezone.now())
    assert words(cast.project) == {}
    assert history_of(row)[0].event == "parameters.value.taken_back"


def test_locked_above_no_project_says_otherwise(cast: Cast) -> None:
    say(cast, Place(), "预订", is_locked=True)
    with pytest.raises(errors.LockedAbove):
        say(cast, Place(project=cast.project), "预定")
    assert words(cast.project) == words(cast.other_project) == {"sales.reservation": "预订"}


@pytest.mark.parametrize("word", ["<b>", "100%", "a" * 13, "预\n定", "{x}", '"', "预&定", "\x00"])
def test_what_is_no_word_is_refused(cast: Cast, word: str) -> None:
    with pytest.raises(errors.NoWord):
        say(cast, Place(), word)
    assert not ParameterValue.objects.filter(text__isnull=False).exists()


@pytest.mark.parametrize("word", ["定金", "预约金", "Deposit", "deposits"])
def test_two_things_need_two_words(cast: Cast, word: str) -> None:
    if word == "预约金":
        say(cast, Place(), "预约金", key="words.sales.deposit")
    with pytest.raises(errors.WordTaken):
        say(cast, Place(project=cast.project), word)


def test_a_project_opened_later_says_what_its_company_says(cast: Cast) -> None:
    say(cast, Place(company=cast.project.company), "预定")
    made = make_project(
        company_id=cast.project.company_id, name="新盘", code="NEW1", by=cast.ad, at=timezone.now()
    )
    assert words(made) == {"sales.reservation": "预定"}


def test_navigation_headings_columns_and_the_form_say_it_in_that_project_only(cast: Cast) -> None:
    say(cast, Place(project=cast.project), "预定")
    client = signed_in(cast.mo)
    client.cookies["django_language"] = "zh-hans"
    body = client.get("/sales/reservations/").content.decode()
    assert "预定" in body
    assert "认购" not in body
    say(cast, Place(project=cast.project), "梯", key="words.inventory.entrance")
    assert "梯" in client.get("/inventory/units/").content.decode()
    other = signed_in(cast.wei)
    other.cookies["django_language"] = "zh-hans"
    assert "认购" in other.get("/sales/reservations/").content.decode()


def test_who_never_chose_a_project_reads_the_words_of_the_first(cast: Cast) -> None:
    say(cast, Place(project=cast.project), "预定")
    User.objects.filter(pk=cast.mo.pk).update(current_project=None)
    client = signed_in(cast.mo)
    client.cookies["django_language"] = "zh-hans"
    assert "认购" not in client.get("/sales/reservations/").content.decode()


def test_the_page_and_the_api_set_it(cast: Cast) -> None:
    client, place = signed_in(cast.ad), f"project-{cast.project.pk}"
    client.cookies["django_language"] = "zh-hans"
    url = f"/parameters/values/{KEY}/?place={place}"
    assert client.get(url).status_code == 200
    assert client.post(url, {"value": "<i>", "version": "0"}).status_code == 422
    assert client.post(url, {"value": "预定", "version": "0"}).status_code == 302
    assert words(cast.project) == {"sales.reservation": "预定"}
    page = client.get(f"/parameters/?place={place}").content.decode()
    assert "认购" in page  # Our own word stands there, so that one knows what was renamed.
    api = Client(headers={"Authorization": f"Bearer {token_for(cast.ad)}"})
    there = f"/api/v1/parameters/{place}/{KEY}/"
    assert api.put(there, {"value": "50%"}, "application/json").status_code == 422
    assert api.put(there, {"value": "定金"}, "application/json").status_code in {409, 422}
    assert api.put(there, {"value": "预约"}, "application/json").json()["value"] == "预约"
    refused = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    assert refused.put(there, {"value": "x"}, "application/json").status_code == 403
