"""Exceptions from the separation of duties can be read, with who made them and whether they last."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from loupan.org import queries
from loupan.org.actions.people import hold_post, leave_post
from loupan.org.errors import DutiesMustBeSeparate
from loupan.org.models import Post
from loupan.org.testing import Cast, a_post, a_user, signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def second(cast: Cast) -> Post:
    """A post whose duties should be apart from the cashier's."""
    return a_post("AD", cast.project)


def put_together(cast: Cast, second: Post, reason: str = "小公司，暂由一人兼任") -> None:
    hold_post(
        user_id=cast.zhao.pk, post_id=second.pk, exception_reason=reason, by=cast.ad,
        at=timezone.now(),
    )  # fmt: skip


def test_an_exception_says_who_why_and_that_it_lasts(cast: Cast, second: Post) -> None:
    assert queries.duty_exceptions(cast.ad, timezone.now()) == []
    with pytest.raises(DutiesMustBeSeparate):
        put_together(cast, second, reason="")
    put_together(cast, second)
    (row,) = queries.duty_exceptions(cast.ad, timezone.now())
    assert (row.person_id, row.reason, row.by) == (
        cast.zhao.pk, "小公司，暂由一人兼任", str(cast.ad),
    )  # fmt: skip
    assert row.pairs
    assert row.is_held
    page = signed_in(cast.ad).get("/org/duty-exceptions/").content.decode()
    assert "小公司，暂由一人兼任" in page
    assert str(cast.zhao) in page


def test_once_the_post_is_left_it_is_over_and_stays_in_the_list(cast: Cast, second: Post) -> None:
    put_together(cast, second)
    leave_post(user_id=cast.zhao.pk, post_id=second.pk, by=cast.ad, at=timezone.now())
    (row,) = queries.duty_exceptions(cast.ad, timezone.now() + timedelta(days=1))
    assert not row.is_held


def test_only_who_reads_the_organisation_sees_it_and_only_their_people(
    cast: Cast, second: Post
) -> None:
    put_together(cast, second)
    assert signed_in(cast.lin).get("/org/duty-exceptions/").status_code == 403
    for role in ("AD", "AU", "HR"):
        viewer = a_user(role, cast.other_project)
        seen = set(queries.users_for(viewer).values_list("pk", flat=True))
        found = {row.person_id for row in queries.duty_exceptions(viewer, timezone.now())}
        assert found == ({cast.zhao.pk} & seen)
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.ad)}"})
    (row,) = client.get("/api/v1/duty-exceptions/").json()["items"]
    assert (row["person_id"], row["is_held"]) == (cast.zhao.pk, True)
    lin = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    assert lin.get("/api/v1/duty-exceptions/").status_code == 403


def test_the_page_of_a_person_says_which_guarded_fields_they_see(cast: Cast) -> None:
    seen = {label: sees for right in queries.rights_of(cast.lin) for label, sees in right.fields}
    assert set(seen.values()) == {True, False}
    page = signed_in(cast.ad).get(f"/org/users/{cast.lin.pk}/").content.decode()
    assert all(label in page for label in seen)
