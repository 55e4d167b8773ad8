"""A customer is found by phone by one statement of our own: the same rows as the plain form gives."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loupan.customers.models import Customer, CustomerPhone
from loupan.customers.queries import briefly, customers_for, found_by_phone, matching
from loupan.org.models import User
from loupan.org.testing import token_for
from tests.world import World, a_world

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [
        "8000",
        "13800138000",
        "138****8000",
        "０００１",
        "138 0013 8000",
        "99",
        "王",
        "+86 138",
    ]


def world_with_shared_tails() -> World:
    """Several customers of both projects end in 8000, one of them with two such phones."""
    world = a_world()
    for project in (world.here.project, world.there.project):
        rows = list(CustomerPhone.objects.filter(project=project).order_by("pk"))
        for phone in rows[::2]:
            phone.tail, phone.masked = "8000", "138****8000"
            phone.save()
        twice = rows[0]
        twice.pk, twice.number_index, twice.sort = None, f"{project.pk}-again", 1
        twice.save(force_insert=True)
    Customer.objects.filter(pk=world.here.customer.pk).update(source=None)
    return world


def plain(viewer: User, text: str, *, project_id: int | None, **page: Any) -> Any:
    rows = customers_for(viewer)
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    return briefly(matching(rows, viewer, text), viewer, **page)


def test_every_role_finds_what_the_plain_form_finds(texts: list[str]) -> None:
    world = world_with_shared_tails()
    newest = Customer.objects.order_by("-pk")[0].pk
    by_hand = hits = 0
    for person in world.everybody().values():
        for text in [*texts, *Customer.objects.values_list("phones__masked", flat=True)[:3]]:
            for project_id in (None, world.here.project.pk, world.there.project.pk):
                for page in ({"after": None, "limit": 100}, {"after": newest, "limit": 1}):
                    given: dict[str, Any] = {"project_id": project_id, **page}
                    found = found_by_phone(person, text, **given)
                    if found is None:
                        continue
                    by_hand += 1
                    hits += len(found[0])
                    assert found == plain(person, text, **given)
    assert by_hand > 100
    assert hits > 100


def test_a_text_that_is_no_phone_is_left_to_the_plain_form() -> None:
    lin = a_world().here.office.lin
    for text in ("", "王", "99", "500112199001011234", "\x00"):
        assert found_by_phone(lin, text, project_id=None, after=None, limit=5) is None


def test_a_search_by_phone_is_two_statements() -> None:
    world = a_world()
    tail = CustomerPhone.objects.filter(customer=world.here.customer).get().tail
    headers = {"Authorization": f"Bearer {token_for(world.here.office.lin)}"}
    Client().get(f"/api/v1/customers/?q={tail}", headers=headers)
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get(f"/api/v1/customers/?q={tail}", headers=headers)
    assert [row["id"] for row in answer.json()["items"]]
    assert len(asked) == 2, [query["sql"] for query in asked]
