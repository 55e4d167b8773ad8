"""After every test that touched the database, the books agree."""

from collections.abc import Iterator

import pytest

from loupan.sales.models import Deal
from loupan.sales.queries.books import book_differences


@pytest.fixture(autouse=True)
def books_agree(request: pytest.FixtureRequest) -> Iterator[None]:
    """Mark a test `breaks_the_books` where that is what it is about."""
    touches = request.node.get_closest_marker("django_db") is not None
    if touches:
        request.getfixturevalue(
            "transactional_db"
            if request.node.get_closest_marker("django_db").kwargs.get("transaction")
            else "db"
        )
    yield
    if touches and "breaks_the_books" not in request.fixturenames and Deal.objects.exists():
        assert book_differences() == []


@pytest.fixture
def breaks_the_books() -> None:
    """Asked for by a test after which the books must not agree."""
