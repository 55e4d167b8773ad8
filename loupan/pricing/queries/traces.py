"""A derivation as it is stored and sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from loupan.pricing.rules.tracing import Step


def trace_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """A trace as it is stored and sent: texts only."""
    return [
        {"step": each.step, "rule": each.rule, "input": each.input, "output": each.output}
        for each in steps
    ]


def trace_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """A trace that was stored, as the rules made it."""
    return tuple(Step(**each) for each in stored)
