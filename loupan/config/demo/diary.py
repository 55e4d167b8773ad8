"""A diary of things to come: told in the order of their time, whoever wrote them down first.

Numbers of papers count on in the order in which they were made, as in a real office.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count

from django.utils import timezone

Event = Callable[[datetime], object]


class Diary:
    """Events by their instant; an event may write further ones."""

    def __init__(self, at: datetime) -> None:
        self.told_at = timezone.localtime(at)
        self.today: date = self.told_at.date()
        self._entries: list[tuple[datetime, int, Event]] = []
        self._places = count()

    def moment(self, days_ago: int, minute_of_day: int = 600) -> datetime:
        """An instant of an earlier day, never later than the telling."""
        day = datetime.combine(self.today - timedelta(days=days_ago), time())
        wanted = timezone.make_aware(day) + timedelta(minutes=minute_of_day)
        return min(wanted, self.told_at - timedelta(minutes=1))

    def write(self, at: datetime, do: Event) -> None:
        heapq.heappush(self._entries, (at, next(self._places), do))

    def tell(self) -> None:
        """Let everything happen."""
        while self._entries:
            at, _place, do = heapq.heappop(self._entries)
            do(at)
