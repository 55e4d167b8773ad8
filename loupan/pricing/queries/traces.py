"""A derivation as it is stored and sent."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from loupan.core.rounding import TO_FEN
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


def taken_off(traces: Iterable[Iterable[Mapping[str, Any]]], kind: str) -> Decimal:
    """What the discounts of one kind took off in these stored traces; yuan, to the fen."""
    off = Decimal(0)
    for trace in traces:
        for each in trace:
            if each["step"].startswith("apply_") and each["rule"].startswith(f"{kind}:"):
                off += Decimal(each["input"]["before"]) - Decimal(each["output"])
    return TO_FEN.apply(off)
