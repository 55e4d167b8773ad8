"""Every status × every verb of a unit (DOMAIN 2.1.2): the move of the table, or NotAllowedNow."""

import pytest

from loupan.core.refusals import NotAllowedNow
from loupan.inventory.states import CLAIMED, SOLD, STOCK, UNIT, UNSELLABLE, UnitStatus


@pytest.mark.parametrize("verb", sorted(UNIT.moves))
@pytest.mark.parametrize("status", list(UnitStatus))
def test_a_unit_moves_by_its_table_or_not_at_all(status: UnitStatus, verb: str) -> None:
    starts, end = UNIT.moves[verb]
    if status in starts:
        assert UNIT.after(verb, status) == end
        assert verb in UNIT.open_verbs(status)
    else:
        assert verb not in UNIT.open_verbs(status)
        with pytest.raises(NotAllowedNow):
            UNIT.after(verb, status)


def test_u_2_nothing_is_sold_from_what_is_not_offered() -> None:
    for status in UNSELLABLE:
        assert not {"reserve", "contract_directly", "lock", "hold"} & set(UNIT.open_verbs(status))


def test_u_3_a_sold_unit_comes_back_only_by_ending_its_deal() -> None:
    back = {verb for verb, (starts, end) in UNIT.moves.items() if starts & SOLD and end in STOCK}
    assert back == {
        "end_reservation", "end_reservation_withheld", "end_contract", "end_contract_withheld",
    }  # fmt: skip
    assert SOLD < CLAIMED
