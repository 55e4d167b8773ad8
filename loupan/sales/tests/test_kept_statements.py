"""What is put into SQL once, or asked by hand, gives what the plain form gives (docs/performance.md)."""

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from loupan.core.compiled import Compiled
from loupan.customers.models import Customer
from loupan.customers.queries import customers_for
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import shows_unit, units_for
from loupan.org.models import FunctionGroup
from loupan.org.queries import PERSON, TOKEN, digest_of
from loupan.org.testing import token_for
from loupan.sales.actions.claims import UNIT_TO_SELL
from loupan.sales.actions.reservations import _buyers_to_lock
from loupan.sales.testing import a_buyer, an_office, another_unit
from tests.world import a_world

pytestmark = pytest.mark.django_db


def everything(row: models.Model | None) -> Any:
    """A row with all that was read along with it, field by field, and whatever was annotated."""
    if row is None:
        return None
    found: dict[str, Any] = {}
    for name, value in sorted(row.__dict__.items()):
        if name != "_state":
            found[name] = (type(value), value)
    related = {name: everything(each) for name, each in row._state.fields_cache.items()}
    return type(row), found, related, row._state.db, row._state.adding


def compare(kept: Compiled[Any], **given: Any) -> None:
    plain = [everything(row) for row in kept.query(**given)]
    with CaptureQueriesContext(connection) as by_the_orm:
        list(kept.query(**given))
    with CaptureQueriesContext(connection) as by_hand:
        found = [everything(row) for row in kept.rows(**given)]
    assert found == plain
    assert len(by_hand) == len(by_the_orm) == 1
    if connection.vendor == "sqlite":  # PostgreSQL is given the values apart.
        assert by_hand[0]["sql"] == by_the_orm[0]["sql"]


def test_a_unit_to_sell_is_read_as_the_orm_reads_it() -> None:
    office = an_office()
    bare = another_unit(office)
    for unit in (bare, another_unit(office)):
        compare(UNIT_TO_SELL, unit_id=unit.pk)
    Unit.objects.filter(pk=bare.pk).update(layout=None, filed_total=None)
    type(bare.building).objects.filter(pk=bare.building_id).update(permit=None)
    compare(UNIT_TO_SELL, unit_id=bare.pk)
    compare(UNIT_TO_SELL, unit_id=10**15)


def test_buyers_are_read_as_the_orm_reads_them() -> None:
    office = an_office()
    buyers = [a_buyer(office), a_buyer(office), a_buyer(office)]
    for count in (1, 2, 3):
        ids = {f"id{n}": buyer.pk for n, buyer in enumerate(buyers[:count])}
        compare(_buyers_to_lock(count), project_id=office.project.pk, **ids)
    compare(_buyers_to_lock(1), project_id=office.project.pk + 1, id0=buyers[0].pk)


def test_a_token_and_a_person_are_read_as_the_orm_reads_them() -> None:
    office = an_office()
    compare(TOKEN, digest=digest_of(token_for(office.lin)))
    compare(TOKEN, digest="'; <digest> %s")
    compare(PERSON, user_id=office.lin.pk)
    compare(PERSON, user_id=0)


def test_every_role_reaches_the_units_and_customers_that_its_lists_show() -> None:
    world = a_world()
    seen, unseen = 0, 0
    for person in world.everybody().values():
        for unit in Unit.objects.all():
            listed = units_for(person).filter(pk=unit.pk).exists()
            assert shows_unit(person, unit.pk) is listed
            seen, unseen = seen + listed, unseen + (not listed)
        for customer in Customer.objects.all():
            owners = person.access.owners(FunctionGroup.CUSTOMERS, customer.project_id)
            by_owner = owners is None or customer.owner_id in owners
            assert by_owner is customers_for(person).filter(pk=customer.pk).exists()
            seen, unseen = seen + by_owner, unseen + (not by_owner)
        assert not shows_unit(person, 10**15)
    assert seen
    assert unseen
