"""The cast is what its names promise."""

import pytest

from loupan.org.testing import signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db


def test_the_cast_can_do_its_work_and_no_more() -> None:
    cast = the_cast()
    here, there = cast.project.pk, cast.other_project.pk
    assert cast.lin.may("sales.reserve_unit", here)
    assert not cast.lin.may("sales.reserve_unit", there)
    assert cast.mo.may("sales.cancel_reservation", here)
    assert cast.mo.may("inventory.import_units", here)
    assert cast.zhao.may("ledger.record_receipt", here)
    assert not cast.zhao.may("ledger.refund", here)
    assert cast.wei.may("sales.reserve_unit", there)
    assert not cast.wei.may("sales.read", here)
    assert cast.cs.may("sales.sign_contract", here)
    assert cast.fm.may("ledger.refund", here)
    assert cast.ad.may("org.manage", here)
    assert not cast.guest.access.grants


def test_makers_give_browsers_and_tokens() -> None:
    cast = the_cast()
    assert signed_in(cast.lin).session["epoch"] == 0
    assert token_for(cast.lin) != token_for(cast.lin)
