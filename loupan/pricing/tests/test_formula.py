"""The evaluator of formulas: oracles, every refusal with its place, random trees, hostile text."""

import time
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loupan.pricing.rules.formula import (
    DEEPEST,
    LARGEST,
    LONGEST,
    PLACES,
    VARIABLES,
    Band,
    FormulaProblem,
    LookupTable,
    Value,
    compiled,
)

D = Decimal
TABLES = {
    "floors": LookupTable(
        "floors",
        bands=(Band(1, 5, D(0), D(60), 6), Band(6, 18, D(0), D(40), 6), Band(19, 99, D(480))),
    ),
    "orientation": LookupTable(
        "orientation", {"S": D(300), "SE": D(200), "E": D(0), "W": D(-150), "N": D(-250)}
    ),
    "view": LookupTable("view", {"garden": D(200), "road": D(-100)}, otherwise=D(0)),
    "corner": LookupTable("corner", {"yes": D(150), "no": D(0)}),
    "top": LookupTable("top", {"yes": D(-300)}, otherwise=D(0)),
    "special": LookupTable("special", {"4": D(-80), "14": D(-90)}, otherwise=D(0), by_part=True),
}
ONE_PRICE = (
    "base_price + FLOORINC(floors, floor_no) + LOOKUP(orientation, orientation)"
    " + LOOKUP(view, view) + LOOKUP(corner, is_corner) + LOOKUP(top, is_top)"
    " + LOOKUP(special, room_no)"
)


def unit(
    floor: int, facing: str, view: str, *, corner: bool = False, top: bool = False, room: str = ""
) -> dict[str, Value | None]:
    return {
        "base_price": D(12000),
        "floor_no": D(floor),
        "orientation": facing,
        "view": view,
        "is_corner": corner,
        "is_top": top,
        "room_no": room,
    }


def value(source: str, **values: Value | None) -> Decimal:
    return compiled(source, tables=TABLES).value(values)


def problem(
    source: str, formulas: Mapping[str, str] | None = None, **values: Value
) -> FormulaProblem:
    with pytest.raises(FormulaProblem) as caught:
        compiled(source, tables=TABLES, formulas=formulas).value(values)
    return caught.value


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (unit(3, "S", "garden"), 12320),
        (unit(14, "SE", "garden", corner=True, room="4"), 12790),
        (unit(18, "S", "road", corner=True), 12830),
        (unit(25, "E", ""), 12480),
        (unit(26, "N", "", top=True), 11930),
    ],
)
def test_the_additive_oracle_comes_out_of_tables(
    facts: dict[str, Value | None], expected: int
) -> None:
    assert compiled(ONE_PRICE, tables=TABLES).value(facts) == expected  # ORC-04


def test_the_multiplicative_oracle_comes_out_rounded_once() -> None:
    formula = "ROUND(base_price * LOOKUP(f, layout) * 0.98 * 1.015, 1, half_up)"
    tables = {"f": LookupTable("f", {"C": D("1.03")})}
    made = compiled(formula, tables=tables)
    told = made.explain({"base_price": D(12000), "layout": "C"})
    assert told.value == 12294  # ORC-05
    assert told.steps[-2].output == "12294.492"


def test_every_intermediate_value_is_told_in_order() -> None:
    told = compiled(ONE_PRICE, tables=TABLES).explain(unit(14, "SE", "garden", room="1402"))
    looked_up = [
        (s.rule, s.input["key"], s.output) for s in told.steps if s.step == "formula_lookup"
    ]
    assert looked_up == [
        ("floors", "14", "320"),
        ("orientation", "SE", "200"),
        ("view", "garden", "200"),
        ("corner", "no", "0"),
        ("top", "no", "0"),
        ("special", "1402", "-90"),  # The longest part that is known.
    ]
    assert told.steps[-1].output == "12630" == f"{told.value}"


def test_a_formula_may_ask_for_another_one_and_tells_its_result_once() -> None:
    formulas = {"price": "base_price + 100", "total": "price * built_area"}
    made = compiled("total + price - price", tables={}, formulas=formulas)
    told = made.explain({"base_price": D(100), "built_area": D("2.5")})
    assert told.value == 500
    assert [s.rule for s in told.steps if s.step == "formula_result"] == ["price", "total"]
    assert made.variables == ("base_price", "built_area")


def test_both_signs_brackets_and_precedence_mean_what_they_mean_on_paper() -> None:
    assert value("1 + 2 * 3 - -4 / 2") == 9
    assert value("-(2 + 3) * 2") == -10
    assert value("10 - 3 - 2") == 5
    assert value("100 / 10 / 2") == 5
    assert value("IF(1 + 1 = 2, MAX(1, 3, 2), MIN(5, 4))") == 3
    assert value('IF(orientation <> "S", 1, 2)', orientation="S") == 2
    assert value("IF(is_top, 1, 2)", is_top=True) == 1
    assert value("ROUND(89.37 * 12860.55, 10, truncate)") == 1149340
    assert value("ROUND(89.37 * 12860.55, 0.1, “进位”)") == D("1149347.4")
    assert value("（1＋2）×3") == 9


@pytest.mark.parametrize(
    ("source", "code", "position"),
    [
        ("", "formula_empty", 1),
        ("1 +", "formula_unfinished", 4),
        ("1 2", "word_unexpected", 3),
        ("1 / (2 - 2)", "division_by_zero", 6),
        ("a.b", "character_unknown", 2),
        ("price[0]", "character_unknown", 6),
        ("__class__", "name_unknown", 1),
        ("EVAL(1)", "function_unknown", 1),
        ("unknown + 1", "name_unknown", 1),
        ("LOOKUP(nothing, view)", "table_unknown", 8),
        ("LOOKUP(1, view)", "table_expected", 8),
        ("LOOKUP(orientation)", "arguments_wrong", 1),
        ("LOOKUP(orientation, view)", "value_missing", 21),
        ("built_area", "value_missing", 1),
        ("FLOORINC(floors, 1.5)", "floor_not_whole", 18),
        ("FLOORINC(floors, 0)", "floor_missing", 18),
        ("FLOORINC(floors, view)", "number_expected", 18),
        ('LOOKUP(orientation, "X")', "key_missing", 21),
        ("IF(1, 2, 3)", "truth_expected", 4),
        ("IF(is_top, 2, view)", "kinds_differ", 15),
        ("1 = view", "kinds_differ", 5),
        ("view < orientation", "number_expected", 1),
        ("view", "number_expected", 1),
        ("1 < 2", "number_expected", 1),
        ("ROUND(1, 3, half_up)", "rounding_unit_unknown", 10),
        ("ROUND(1, 1, half_even)", "rounding_mode_unknown", 13),
        ("1" * 19, "number_too_long", 1),
        ("999999999999999 * 999999999999999", "number_too_large", 19),
        ("(" * 21 + "1" + ")" * 21, "formula_too_deep", 21),
        ("1+" * LONGEST, "formula_too_long", LONGEST),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(source: str, code: str, position: int) -> None:
    found = problem(source)
    assert (found.code, found.position) == (code, position)


def test_formulas_that_need_each_other_are_refused_with_the_circle() -> None:
    formulas = {"a": "b + 1", "b": "c * 2", "c": "a"}
    found = problem("a", formulas)
    assert (found.code, found.facts["circle"]) == ("formulas_in_a_circle", "a → b → c → a")
    assert problem("own + 1", {"own": "own"}).code == "formulas_in_a_circle"


def test_formulas_of_formulas_count_as_depth() -> None:
    chain = {f"f{n}": f"f{n - 1} + 1" for n in range(1, DEEPEST + 5)}
    assert problem(f"f{DEEPEST + 4}", {**chain, "f0": "1"}).code == "formula_too_deep"


def test_a_formula_that_doubles_another_twenty_times_costs_no_more_than_its_parts() -> None:
    chain = {f"f{n}": f"f{n - 1} + f{n - 1}" for n in range(1, 9)}
    made = compiled("f8", tables={}, formulas={**chain, "f0": "1"})
    assert made.value({}) == 256
    assert len(made.explain({}).steps) == 17  # Each of nine once, and each of eight sums.


# --- Random trees against fractions ---------------------------------------------------------------

LIMIT = Fraction(int(LARGEST))
Tree = tuple[str, Fraction]


class OutOfReach(Exception):
    """The reference says that the formula must be refused."""


def cut(exact: Fraction) -> Fraction:
    whole = abs(exact.numerator) * 10**PLACES // exact.denominator
    found = Fraction(whole, 10**PLACES)
    return -found if exact < 0 else found


def checked(exact: Fraction) -> Fraction:
    if abs(exact) >= LIMIT:
        raise OutOfReach
    return exact


@st.composite
def trees(draw: st.DrawFn, level: int = 0) -> Any:
    """A tree of lists: what the reference computes and the text is written from."""
    if level >= 5 or draw(st.integers(0, 3)) == 0:
        places = draw(st.integers(0, 4))
        return [
            "number",
            str(D(draw(st.integers(0, 10**7))).scaleb(-places).quantize(D(1).scaleb(-places))),
        ]
    what = draw(st.sampled_from(["sum", "product", "negative", "if", "min", "max", "round"]))
    inner = trees(level + 1)
    if what in {"sum", "product"}:
        signs = "+-" if what == "sum" else "*/"
        rest = draw(st.lists(st.tuples(st.sampled_from(signs), inner), min_size=1, max_size=4))
        return [what, draw(inner), rest]
    if what == "if":
        return [
            what,
            draw(st.sampled_from(["<", "<=", "=", "<>", ">", ">="])),
            *(draw(inner) for _n in range(4)),
        ]
    if what in {"min", "max"}:
        return [what, draw(st.lists(inner, min_size=1, max_size=4))]
    return [what, draw(inner)]


def written(tree: Any) -> str:
    match tree:
        case ["number", text]:
            return str(text)
        case ["sum" | "product", first, rest]:
            return f"({written(first)}" + "".join(f" {s} {written(p)}" for s, p in rest) + ")"
        case ["negative", inner]:
            return f"-{written(inner)}"
        case ["if", sign, a, b, c, d]:
            return f"IF({written(a)} {sign} {written(b)}, {written(c)}, {written(d)})"
        case ["round", inner]:
            return f"ROUND({written(inner)}, 0.01, truncate)"
        case [what, parts]:
            assert isinstance(parts, list)
            return f"{str(what).upper()}({', '.join(written(p) for p in parts)})"
    raise AssertionError(tree)


def reference(tree: Any) -> Fraction:
    match tree:
        case ["number", text]:
            return Fraction(str(text))
        case ["sum", first, rest]:
            total = reference(first)
            for sign, part in rest:
                total = checked(total + reference(part) * (1 if sign == "+" else -1))
            return total
        case ["product", first, rest]:
            total = reference(first)
            for sign, part in rest:
                other = reference(part)
                if sign == "/" and other == 0:
                    raise OutOfReach
                total = cut(checked(total * other if sign == "*" else total / other))
            return total
        case ["negative", inner]:
            return -reference(inner)
        case ["if", sign, a, b, c, d]:
            x, y = reference(a), reference(b)
            holds = {"<": x < y, "<=": x <= y, "=": x == y, "<>": x != y, ">": x > y, ">=": x >= y}
            return reference(c if holds[str(sign)] else d)
        case ["round", inner]:
            found = reference(inner)
            size = Fraction(abs(found.numerator) * 100 // found.denominator, 100)
            return -size if found < 0 else size
        case [what, parts]:
            assert isinstance(parts, list)
            return (min if what == "min" else max)(reference(p) for p in parts)
    raise AssertionError(tree)


@settings(max_examples=400, deadline=None)
@given(trees())
def test_a_random_formula_comes_to_what_fractions_say(tree: object) -> None:
    source = written(tree)
    try:
        made = compiled(source, tables={})
    except FormulaProblem as refused:
        if refused.code not in {"formula_too_long", "formula_too_deep"}:
            raise
        return
    try:
        expected = reference(tree)
    except OutOfReach:
        with pytest.raises(FormulaProblem) as caught:
            made.value({})
        assert caught.value.code in {"number_too_large", "division_by_zero"}
        return
    assert Fraction(made.value({})) == expected
    assert made.explain({}).value == made.value({})


WORDS = st.sampled_from(
    [*VARIABLES, "IF", "MIN", "MAX", "ROUND", "LOOKUP", "FLOORINC", "(", ")", ",", "+", "-", "*",
     "/", "=", "<", ">=", "<>", "0", "1", "0.01", "999999999", '"S"', "floors", "orientation",
     "special", "half_up", "a", "b", "import", "lambda:", ".", "[", "\x00", "；", "💣"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map(" ".join)), st.data())
def test_whatever_is_typed_is_computed_or_refused_at_a_place(
    source: str, data: st.DataObject
) -> None:
    kinds = {"number": st.decimals(-(10**20), 10**20, allow_nan=False), "text": st.text(max_size=5)}
    began = time.process_time()
    try:
        made = compiled(source, tables=TABLES, formulas={"a": "b + 1", "b": "2 / floor_no"})
        values: dict[str, Any] = {
            name: data.draw(st.one_of(st.none(), kinds.get(VARIABLES[name], st.booleans())))
            for name in made.variables
        }
        told = made.explain(values)
        assert told.value == made.value(values)
        assert abs(told.value) < LARGEST
    except FormulaProblem as refused:
        if not 1 <= refused.position <= max(len(source), LONGEST) + 1:
            raise
    assert time.process_time() - began < 2


def test_the_longest_formulas_take_no_time() -> None:
    worst = ["(" * 19 + "1" + ")" * 19, "-" * 1999 + "1", "1" + "*1" * 999, "1" + "/3" * 999]
    worst += ["MAX(" + ",".join(["1/3"] * 40) + ")", "IF(1=1," * 19 + "1" + ",2)" * 19, '"' * 2000]
    began = time.process_time()
    for source in worst:
        try:
            found = compiled(source, tables={}).value({})
            with localcontext() as exact:
                exact.prec, exact.rounding = 60, ROUND_DOWN
                assert abs(found) <= 1
        except FormulaProblem:
            continue
    assert time.process_time() - began < 1
