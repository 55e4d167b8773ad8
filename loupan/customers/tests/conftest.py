import pytest

from loupan.org.testing import Cast, the_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """Lin sells, Mo decides, Zhao keeps the money, Wei sees another project, a guest nothing."""
    return the_cast()
