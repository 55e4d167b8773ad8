"""Sales control in the demo: limits of the stock, units kept back for a time, a release planned ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from loupan.config.demo.diary import Diary
from loupan.config.demo.organisation import Office
from loupan.config.demo.property import Stock
from loupan.inventory.actions.batches import prepare_batch
from loupan.inventory.actions.control_plans import plan_batch, plan_control
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import ControlPlan
from loupan.inventory.parameters import LEAST_AVAILABLE, SLOW_AFTER
from loupan.inventory.queries.control import withhold_words
from loupan.parameters.actions.values import set_parameter
from loupan.parameters.queries.places import Place


@dataclass
class Control:
    """What the west office's clerk and manager do so that not everything is for sale at once."""

    office: Office
    stock: Stock

    def write(
        self, diary: Diary, *, review: Sequence[str], relation: str, stalls: Sequence[str]
    ) -> None:
        """Into the diary: units under price review and one for a relation, stalls to be released."""
        diary.write(diary.moment(6, 610), self._limits)
        diary.write(diary.moment(1, 650), partial(self._review, review))
        diary.write(diary.moment(1, 655), partial(self._for_a_relation, relation))
        diary.write(diary.moment(0, 540), partial(self._plan, stalls, review))

    def _ids(self, numbers: Sequence[str]) -> list[int]:
        return [self.stock.units[number].pk for number in numbers]

    def _limits(self, at: datetime) -> None:
        here = Place(project=self.office.project)
        for parameter, value in ((LEAST_AVAILABLE["parking"], 60), (SLOW_AFTER, 60)):
            set_parameter(
                key=parameter.key, place=here, value=value, is_locked=False,
                by=self.office["mk"], at=at,
            )  # fmt: skip

    def _word(self, code: str) -> int:
        return withhold_words(self.office.project.pk).get(code=code).pk

    def _review(self, numbers: Sequence[str], at: datetime) -> None:
        withhold_units(
            unit_ids=self._ids(numbers), word_id=self._word("pricing"), reason="下周价格会复核",
            holder_id=self.office["pd"].pk, until=at + timedelta(days=4), by=self.office["cc"], at=at,
        )  # fmt: skip

    def _for_a_relation(self, number: str, at: datetime) -> None:
        withhold_units(
            unit_ids=self._ids([number]), word_id=self._word("relation"), reason="合作方预留",
            holder_id=self.office["sm"].pk, until=at + timedelta(hours=40), by=self.office["sm"],
            at=at,
        )  # fmt: skip

    def _plan(self, stalls: Sequence[str], review: Sequence[str], at: datetime) -> None:
        """More stalls in three days, all under one permit; the reviewed units again the day after."""
        project, clerk = self.office.project, self.office["cc"]
        morning = at.replace(hour=9, minute=0, second=0, microsecond=0)
        permit = self.stock.units[stalls[0]].building.permit_id
        assert permit is not None
        batch = prepare_batch(
            project_id=project.pk, name="车位二批加推", permit_id=permit, unit_ids=self._ids(stalls),
            note="首批车位余量不足时加推", by=clerk, at=at,
        )  # fmt: skip
        plan_batch(batch_id=batch.pk, due_at=morning + timedelta(days=3), by=clerk, at=at)
        plan_control(
            project_id=project.pk, verb=ControlPlan.Verb.UNWITHHOLD, unit_ids=self._ids(review),
            due_at=morning + timedelta(days=2), reason="价格会通过后恢复待售", by=self.office["sm"],
            at=at,
        )  # fmt: skip
