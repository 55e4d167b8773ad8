"""Every status × every verb of a deal: the move of the table, or NotAllowedNow."""

import pytest

from loupan.core.refusals import NotAllowedNow
from loupan.sales.states import DEAL, DealStatus


@pytest.mark.parametrize("verb", sorted(DEAL.moves))
@pytest.mark.parametrize("status", list(DealStatus))
def test_a_deal_moves_by_its_table_or_not_at_all(status: DealStatus, verb: str) -> None:
    starts, end = DEAL.moves[verb]
    if status in starts:
        assert DEAL.after(verb, status) == end
        assert verb in DEAL.open_verbs(status)
    else:
        assert verb not in DEAL.open_verbs(status)
        with pytest.raises(NotAllowedNow):
            DEAL.after(verb, status)
