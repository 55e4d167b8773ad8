"""Desks against each other: of one phone, one ID number, one wins; the others are refused politely."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from loupan.core.refusals import Busy, ChangedMeanwhile, Refusal
from loupan.customers.actions.ownership import reveal_phone
from loupan.customers.actions.registrations import edit_customer, register_customer
from loupan.customers.errors import DuplicateCustomer, RevealLimitReached
from loupan.customers.models import Customer, CustomerPhone, DuplicateAttempt, Person, Reveal
from loupan.customers.testing import NOON, a_customer
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
DESKS = 8
ID_CARD = "11010519491231002X"


def at_once(do: Callable[[int], object], count: int = DESKS) -> list[Exception | None]:
    """What each of the threads got: None for a success."""
    start = Barrier(count)
    got: list[Exception | None] = [None] * count

    def desk(number: int) -> None:
        start.wait()
        try:
            do(number)
        except Exception as error:  # noqa: BLE001  The test looks at it.
            got[number] = error
        finally:
            connection.close()

    threads = [Thread(target=desk, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def desks(project: Project) -> list[User]:
    people = [a_user("SC", project) for _number in range(DESKS)]
    for person in people:
        assert person.may("customers.register", project.pk)
    return people


def test_of_one_phone_one_registration_wins() -> None:
    project = a_project()
    people = desks(project)
    got = at_once(
        lambda n: register_customer(
            project_id=project.pk,
            name=f"陈{n}",
            # Two numbers in turning order: whoever comes second must not wait in a circle.
            phones=["13800138000", "13911112222"][:: 1 if n % 2 else -1],
            by=people[n],
            at=NOON,
        )
    )
    assert got.count(None) == 1, got
    refused = [error for error in got if error is not None]
    assert all(isinstance(error, DuplicateCustomer) for error in refused), got
    assert Customer.objects.count() == Person.objects.count() == 1
    assert CustomerPhone.objects.count() == 2
    assert DuplicateAttempt.objects.count() == DESKS - 1


def test_of_one_id_number_one_registration_wins() -> None:
    project = a_project()
    people = desks(project)
    got = at_once(
        lambda n: register_customer(
            project_id=project.pk,
            name=f"陈{n}",
            phones=[f"1380013800{n}"],
            id_number=ID_CARD,
            by=people[n],
            at=NOON,
        )
    )
    assert got.count(None) == 1, got
    assert all(isinstance(error, DuplicateCustomer) for error in got if error), got
    assert Customer.objects.count() == 1
    assert Person.objects.filter(id_index__isnull=False).count() == 1


def test_of_one_id_number_given_to_two_customers_one_wins() -> None:
    project = a_project()
    manager = a_user("SM", project)
    customers = [a_customer(project, None) for _number in range(4)]
    assert manager.may("customers.edit", project.pk)
    got = at_once(
        lambda n: edit_customer(
            customer_id=customers[n].pk, version=0, id_number=ID_CARD, by=manager, at=NOON
        ),
        count=4,
    )
    assert got.count(None) == 1, got
    polite = (DuplicateCustomer, ChangedMeanwhile, Busy)
    assert all(isinstance(error, polite) for error in got if error), got
    assert Person.objects.filter(id_index__isnull=False).count() == 1


def test_two_edits_of_one_version_do_not_overwrite_each_other() -> None:
    project = a_project()
    manager = a_user("SM", project)
    customer = a_customer(project, None)
    assert manager.may("customers.edit", project.pk)
    got = at_once(
        lambda n: edit_customer(
            customer_id=customer.pk, version=0, note=f"note {n}", by=manager, at=NOON
        )
    )
    assert got.count(None) == 1, got
    assert all(isinstance(error, ChangedMeanwhile | Busy) for error in got if error), got
    customer.refresh_from_db()
    assert customer.version == 1


def test_two_tabs_do_not_pass_the_daily_limit_together() -> None:
    project = a_project()
    seller = a_user("SC", project)
    customer = a_customer(project, seller)
    assert seller.may("customers.reveal_phone", project.pk)
    Reveal.objects.bulk_create(
        Reveal(customer=customer, what="phone", by=seller, at=NOON) for _n in range(48)
    )
    got = at_once(lambda _n: reveal_phone(customer_id=customer.pk, by=seller, at=NOON))
    assert got.count(None) == 2, got
    assert all(isinstance(error, RevealLimitReached) for error in got if error), got
    assert all(isinstance(error, Refusal) for error in got if error)
