"""Formulas an office writes itself: prices, totals, areas, fees (公式设置, DOMAIN 2.2.3).

    text → words → tree → closures that compute with Decimal, and tell every intermediate value

The grammar, from the loosest binding to the tightest:

    comparison := sum [(= | <> | < | <= | > | >=) sum]
    sum        := product {(+ | -) product}
    product    := signed {(* | /) signed}
    signed     := {+ | -} value
    value      := number | "text" | variable | formula | ( comparison ) | FUNCTION ( … )

    IF(c, a, b)  MIN(a, …)  MAX(a, …)  ROUND(x, unit, mode)  LOOKUP(table, key)  FLOORINC(table, floor)

There is nothing else: no attribute, no call beyond the list, no assignment, no loop.  Whatever is wrong
is a FormulaProblem with the place in the text; kinds are checked when a formula is read, so that
evaluating can only meet missing values, divisions by zero and numbers that grow too large.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Final

from loupan.core.rounding import EXACT, Mode, round_to
from loupan.pricing.rules.tracing import PricingProblem, Step, step, text_of

LONGEST: Final = 2_000
DEEPEST: Final = 20
MOST_PARTS: Final = 40  # Arguments of MIN and MAX.
MOST_DIGITS: Final = 18
LARGEST: Final = Decimal(10) ** 15
PLACES: Final = 30
_CUT: Final = Decimal(1).scaleb(-PLACES)

Value = Decimal | str | bool
NUMBER, TEXT, TRUTH = "number", "text", "truth"

# What a formula may ask of a unit (DOMAIN 2.2.3), and of which kind it is.  `room_no` is ours: without it
# the price of unlucky numbers (ORC-04) could not be written.
VARIABLES: Final[Mapping[str, str]] = {
    "built_area": NUMBER,
    "inner_area": NUMBER,
    "shared_area": NUMBER,
    "balcony_area": NUMBER,
    "garden_area": NUMBER,
    "list_unit_price": NUMBER,
    "list_total": NUMBER,
    "deal_total": NUMBER,
    "floor_total": NUMBER,
    "fitout_unit_price": NUMBER,
    "base_price": NUMBER,
    "floor_no": NUMBER,
    "floors_total": NUMBER,
    "orientation": TEXT,
    "view": TEXT,
    "position": NUMBER,
    "layout": TEXT,
    "is_top": TRUTH,
    "is_corner": TRUTH,
    "room_no": TEXT,
}
MODES: Final[Mapping[str, Mode]] = {
    **{mode.value: mode for mode in Mode},
    "四舍五入": Mode.HALF_UP,
    "截断": Mode.TRUNCATE,
    "进位": Mode.ROUND_UP,
}
ROUNDING_UNITS: Final = frozenset(
    Decimal(unit) for unit in ("10000", "1000", "100", "10", "1", "0.1", "0.01", "0.001", "0.0001")
)
FUNCTIONS: Final = frozenset({"IF", "MIN", "MAX", "ROUND", "LOOKUP", "FLOORINC"})
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class FormulaProblem(PricingProblem):
    """Why a formula cannot be read or computed; `position` is the place in its text, from 1."""

    def __init__(self, code: str, position: int, **facts: object) -> None:
        super().__init__(code, position=position, **facts)
        self.position = position


# --- Tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """Floors from `lowest` to `highest`: start + per_floor × (floor − counted_from)."""

    lowest: int
    highest: int
    start: Decimal
    per_floor: Decimal = Decimal(0)
    counted_from: int = 0

    def at(self, floor_no: int) -> Decimal:
        return self.start + self.per_floor * (floor_no - self.counted_from)


@dataclass(frozen=True)
class LookupTable:
    """Values by key, or increments by floor (`bands`); `otherwise` is for keys that have no row.

    With `by_part` a row counts when its key is part of what is asked: "4" for room 1402.  The longest
    such key wins.
    """

    code: str
    rows: Mapping[str, Decimal] = field(default_factory=dict)
    bands: Sequence[Band] = ()
    otherwise: Decimal | None = None
    by_part: bool = False

    def value(self, key: str) -> Decimal | None:
        if self.by_part:
            found = max((row for row in self.rows if row in key), key=len, default=None)
            return self.otherwise if found is None else self.rows[found]
        return self.rows.get(key, self.otherwise)

    def increment(self, floor_no: int) -> Decimal | None:
        for band in self.bands:
            if band.lowest <= floor_no <= band.highest:
                return band.at(floor_no)
        return self.otherwise


# --- Words ----------------------------------------------------------------------------------------

# As typed with a Chinese keyboard; one character for one, so that places stay what they are.
_HABITS = str.maketrans("（），＋－×÷＊／＝＜＞“”≤≥≠　", '(),+-*/*/=<>""≤≥≠ ')
_WORD = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\"(?P<text>[^\"]*)\"|(?P<sign><=|>=|<>|!=|==|[-+*/(),=<>≤≥≠]))",
    re.ASCII,
)
_SAME_SIGN = {"==": "=", "!=": "<>", "≠": "<>", "≤": "<=", "≥": ">="}
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True)
class _Word:
    kind: str  # number, name, text, sign, end
    text: str
    start: int
    end: int


def _words(source: str) -> list[_Word]:
    if len(source) > LONGEST:
        raise FormulaProblem("formula_too_long", LONGEST, longest=LONGEST)
    text = source.translate(_HABITS)
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _WORD.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise FormulaProblem("character_unknown", at + 1, character=source[at])
        kind = str(match.lastgroup)
        said = match[kind]
        start = match.end() - len(said) - (2 if kind == "text" else 0)
        found.append(_Word(kind, _SAME_SIGN.get(said, said), start, match.end()))
        place = match.end()
    found.append(_Word("end", "", end, end))
    return found


# --- Tree -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """A part of a formula: `what` it is, its parts, and where it stands in the text.

    number, text, name: `word`; sum, product: parts with `signs`; compare: two parts, sign in `word`;
    call: the function in `word`.
    """

    what: str
    start: int
    end: int
    word: str = ""
    parts: tuple["Node", ...] = ()
    signs: str = ""


def parse(source: str) -> Node:
    """The tree of a formula. Raises FormulaProblem."""
    reader = _Reader(_words(source))
    if reader.word.kind == "end":
        raise FormulaProblem("formula_empty", 1)
    tree = reader.comparison(1)
    if reader.word.kind != "end":
        raise reader.unexpected()
    return tree


class _Reader:
    """Reads words from the left; `level` counts brackets and functions around."""

    def __init__(self, words: Sequence[_Word]) -> None:
        self.words = words
        self.place = 0

    @property
    def word(self) -> _Word:
        return self.words[self.place]

    def next(self) -> _Word:
        word = self.word
        self.place += 1
        return word

    def sees(self, *signs: str) -> bool:
        return self.word.kind == "sign" and self.word.text in signs

    def expect(self, sign: str) -> _Word:
        if not self.sees(sign):
            raise self.unexpected(wanted=sign)
        return self.next()

    def unexpected(self, wanted: str = "") -> FormulaProblem:
        if self.word.kind == "end":
            return FormulaProblem("formula_unfinished", self.word.start + 1, wanted=wanted or "…")
        return FormulaProblem(
            "word_unexpected", self.word.start + 1, word=self.word.text or '"', wanted=wanted or "…"
        )

    def comparison(self, level: int) -> Node:
        if level > DEEPEST:
            raise FormulaProblem("formula_too_deep", self.word.start + 1, deepest=DEEPEST)
        left = self.chain(
            "sum", "+-", lambda: self.chain("product", "*/", lambda: self.signed(level))
        )
        if not (self.word.kind == "sign" and self.word.text in _COMPARISONS):
            return left
        sign = self.next().text
        right = self.chain(
            "sum", "+-", lambda: self.chain("product", "*/", lambda: self.signed(level))
        )
        return self.made("compare", (left, right), word=sign)

    def chain(self, what: str, signs: str, part: Callable[[], Node]) -> Node:
        parts, between = [part()], ""
        while self.sees(*signs):
            between += self.next().text
            parts.append(part())
        return self.made(what, tuple(parts), signs=between) if between else parts[0]

    def signed(self, level: int) -> Node:
        start, is_negative = self.word.start, False
        while self.sees("+", "-"):
            is_negative ^= self.next().text == "-"
        value = self.value(level)
        return self.made("negative", (value,), start=start) if is_negative else value

    def value(self, level: int) -> Node:
        word = self.word
        if word.kind == "number":
            if len(word.text) > MOST_DIGITS:
                raise FormulaProblem("number_too_long", word.start + 1, digits=MOST_DIGITS)
            self.next()
            return Node("number", word.start, word.end, word.text)
        if word.kind == "text":
            self.next()
            return Node("text", word.start, word.end, word.text)
        if word.kind == "name":
            self.next()
            if self.sees("("):
                return self.call(word, level)
            return Node("name", word.start, word.end, word.text)
        if self.sees("("):
            self.next()
            inside = self.comparison(level + 1)
            self.expect(")")
            return inside
        raise self.unexpected()

    def call(self, name: _Word, level: int) -> Node:
        function = name.text.upper()
        if function not in FUNCTIONS:
            raise FormulaProblem("function_unknown", name.start + 1, name=name.text)
        self.expect("(")
        parts = [self.comparison(level + 1)]
        while self.sees(","):
            self.next()
            parts.append(self.comparison(level + 1))
        end = self.expect(")").end
        return self.made("call", tuple(parts), word=function, start=name.start, end=end)

    @staticmethod
    def made(
        what: str, parts: tuple[Node, ...], *, word: str = "", signs: str = "",
        start: int | None = None, end: int | None = None,
    ) -> Node:  # fmt: skip
        return Node(
            what,
            parts[0].start if start is None else start,
            parts[-1].end if end is None else end,
            word,
            parts,
            signs,
        )


def names_in(tree: Node) -> Iterator[Node]:
    """Every name of a tree but those that name a table or a mode of rounding."""
    if tree.what == "name":
        yield tree
    parts = tree.parts
    if tree.what == "call" and tree.word in {"LOOKUP", "FLOORINC"}:
        parts = parts[1:]
    elif tree.what == "call" and tree.word == "ROUND":
        parts = parts[:2]
    for part in parts:
        yield from names_in(part)


# --- Computing ------------------------------------------------------------------------------------


class _Run:
    """One evaluation: values of the unit, values of other formulas found so far, what is told."""

    __slots__ = ("found", "steps", "values")

    def __init__(self, values: Mapping[str, Value | None], steps: list[Step] | None) -> None:
        self.values = values
        self.found: dict[str, Decimal] = {}
        self.steps = steps


_Closure = Callable[[_Run], Value]
_Number = Callable[[_Run], Decimal]


@dataclass(frozen=True)
class Explained:
    """A result, and every value on the way to it, in the order they were found."""

    value: Decimal
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Formula:
    """A formula ready to compute. `variables` are those it asks for, its formulas' included."""

    source: str
    variables: tuple[str, ...]
    tables: tuple[str, ...]
    depth: int
    _quick: _Closure = field(repr=False)
    _telling: _Closure = field(repr=False)

    def value(self, values: Mapping[str, Value | None]) -> Decimal:
        """The exact result, not rounded but by ROUND. Raises FormulaProblem."""
        with localcontext(EXACT):
            result = self._quick(_Run(values, None))
        assert isinstance(result, Decimal)
        return result

    def explain(self, values: Mapping[str, Value | None]) -> Explained:
        """The result with every intermediate value. Raises FormulaProblem."""
        steps: list[Step] = []
        with localcontext(EXACT):
            result = self._telling(_Run(values, steps))
        assert isinstance(result, Decimal)
        return Explained(result, tuple(steps))


def compiled(
    source: str,
    *,
    tables: Mapping[str, LookupTable],
    formulas: Mapping[str, str] | None = None,
    name: str = "",
) -> Formula:
    """Read a formula that may ask for tables and for other formulas by their code.

    Raises FormulaProblem: everything that is wrong with the text, unknown names and tables, kinds that
    do not go together, formulas that need each other in a circle.
    """
    workshop = _Workshop(tables, formulas or {})
    made = workshop.formula(source, (name,) if name else ())
    return Formula(
        source=source,
        variables=tuple(sorted(workshop.asked)),
        tables=tuple(sorted(workshop.looked_up)),
        depth=made.depth,
        _quick=made.quick,
        _telling=made.telling,
    )


@dataclass(frozen=True)
class _Made:
    kind: str
    quick: _Closure
    telling: _Closure
    depth: int = 1


class _Workshop:
    """Makes closures of trees; remembers what was asked for and which formulas are ready."""

    def __init__(self, tables: Mapping[str, LookupTable], formulas: Mapping[str, str]) -> None:
        self.tables = tables
        self.formulas = formulas
        self.ready: dict[str, _Made] = {}
        self.asked: set[str] = set()
        self.looked_up: set[str] = set()

    def formula(self, source: str, within: tuple[str, ...]) -> _Made:
        tree = parse(source)
        made = self.node(tree, source, within)
        if made.kind != NUMBER:
            raise FormulaProblem("number_expected", tree.start + 1, found=made.kind)
        if made.depth > DEEPEST:
            raise FormulaProblem("formula_too_deep", tree.start + 1, deepest=DEEPEST)
        return made

    def node(self, node: Node, source: str, within: tuple[str, ...]) -> _Made:
        if node.what == "number":
            number = Decimal(node.word)
            return _Made(NUMBER, lambda _run: number, lambda _run: number)
        if node.what == "text":
            return _Made(TEXT, lambda _run: node.word, lambda _run: node.word)
        if node.what == "name":
            return self.name(node, within)
        if node.what == "call" and node.word in {"LOOKUP", "FLOORINC"}:
            return self.lookup(node, source, within)
        if node.what == "call" and node.word == "ROUND":
            return self.rounding(node, source, within)
        parts = [self.node(part, source, within) for part in node.parts]
        depth = 1 + max(part.depth for part in parts)
        makers = {"sum": _sum, "product": _product, "negative": _negative, "compare": _compare}
        maker = makers.get(node.what) or {"IF": _if, "MIN": _extreme, "MAX": _extreme}[node.word]
        kind, quick = maker(node, [(part.kind, part.quick) for part in parts])
        _kind, telling = maker(node, [(part.kind, part.telling) for part in parts])
        return _Made(kind, quick, _told(telling, node, source), depth)

    def name(self, node: Node, within: tuple[str, ...]) -> _Made:
        name, position = node.word, node.start + 1
        if kind := VARIABLES.get(name):
            self.asked.add(name)

            def read(run: _Run) -> Value:
                value = run.values.get(name)
                if value is None:
                    raise FormulaProblem("value_missing", position, name=name)
                return _within(value, position) if isinstance(value, Decimal) else value

            def tell(run: _Run) -> Value:
                value = read(run)
                assert run.steps is not None
                if not any(s.step == "formula_variable" and s.rule == name for s in run.steps):
                    run.steps.append(step("formula_variable", name, _shown(value)))
                return value

            return _Made(kind, read, tell)
        if name not in self.formulas:
            raise FormulaProblem("name_unknown", position, name=name)
        return self.other(name, position, within)

    def other(self, name: str, position: int, within: tuple[str, ...]) -> _Made:
        if name in within:
            circle = " → ".join([*within[within.index(name) :], name])
            raise FormulaProblem("formulas_in_a_circle", position, circle=circle)
        if len(within) > DEEPEST:
            raise FormulaProblem("formula_too_deep", position, deepest=DEEPEST)
        if name not in self.ready:
            self.ready[name] = self.formula(self.formulas[name], (*within, name))
        made = self.ready[name]

        def once(inner: _Closure) -> _Closure:
            """Asked for twice, computed once: formulas of formulas cost no more than their sum."""

            def run_once(run: _Run) -> Value:
                known = run.found.get(name)
                if known is None:
                    found = inner(run)
                    assert isinstance(found, Decimal)
                    known = run.found[name] = found
                return known

            return run_once

        def tell(run: _Run) -> Value:
            is_new = name not in run.found
            value = once(made.telling)(run)
            if is_new and run.steps is not None:
                run.steps.append(step("formula_result", name, _shown(value)))
            return value

        return _Made(NUMBER, once(made.quick), tell, made.depth + 1)

    def table(self, node: Node) -> LookupTable:
        wanted, position = node.parts[0], node.parts[0].start + 1
        if wanted.what not in {"name", "text"}:
            raise FormulaProblem("table_expected", position, function=node.word)
        if wanted.word not in self.tables:
            raise FormulaProblem("table_unknown", position, table=wanted.word)
        self.looked_up.add(wanted.word)
        return self.tables[wanted.word]

    def lookup(self, node: Node, source: str, within: tuple[str, ...]) -> _Made:
        _arguments(node, 2, 2)
        table, key = self.table(node), self.node(node.parts[1], source, within)
        position = node.parts[1].start + 1
        if node.word == "FLOORINC":
            if key.kind != NUMBER:
                raise FormulaProblem("number_expected", position, found=key.kind)
            find = _increment_of(table, position)
        else:
            find = _value_of(table, position)

        def tell(run: _Run) -> Value:
            asked = key.telling(run)
            found = find(asked)
            assert run.steps is not None
            run.steps.append(step("formula_lookup", table.code, _shown(found), key=_key(asked)))
            return found

        return _Made(NUMBER, lambda run: find(key.quick(run)), tell, key.depth + 1)

    def rounding(self, node: Node, source: str, within: tuple[str, ...]) -> _Made:
        _arguments(node, 3, 3)
        value = self.node(node.parts[0], source, within)
        unit, mode = node.parts[1], node.parts[2]
        if value.kind != NUMBER:
            raise FormulaProblem("number_expected", node.parts[0].start + 1, found=value.kind)
        if unit.what != "number" or Decimal(unit.word) not in ROUNDING_UNITS:
            raise FormulaProblem("rounding_unit_unknown", unit.start + 1)
        if mode.what not in {"name", "text"} or mode.word.lower() not in MODES:
            raise FormulaProblem("rounding_mode_unknown", mode.start + 1)
        to, how = Decimal(unit.word), MODES[mode.word.lower()]

        def closure(inner: _Closure) -> _Closure:
            def rounded(run: _Run) -> Value:
                found = inner(run)
                assert isinstance(found, Decimal)
                return _within(round_to(found, to, how), node.start + 1)

            return rounded

        telling = _told(closure(value.telling), node, source)
        return _Made(NUMBER, closure(value.quick), telling, value.depth + 1)


def _told(closure: _Closure, node: Node, source: str) -> _Closure:
    said = source[node.start : node.end]

    def tell(run: _Run) -> Value:
        value = closure(run)
        assert run.steps is not None
        run.steps.append(step("formula_part", said, _shown(value)))
        return value

    return tell


def _shown(value: Value) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(value) if isinstance(value, Decimal) else value


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _key(value: Value) -> str:
    """The key under which a table knows a value: `3`, `S`, `yes`."""
    return text_of(_shown(value))


def _within(value: Decimal, position: int) -> Decimal:
    if not value.is_finite() or value >= LARGEST or value <= -LARGEST:
        raise FormulaProblem("number_too_large", position)
    return value


def _cut(value: Decimal, position: int) -> Decimal:
    """Products and quotients keep thirty places; what lies behind them is cut, not rounded."""
    _within(value, position)
    if value.as_tuple().exponent < -PLACES:  # type: ignore[operator]  # It is finite.
        return value.quantize(_CUT)
    return value


def _arguments(node: Node, least: int, most: int) -> None:
    if not least <= len(node.parts) <= most:
        wanted = f"{least}" if least == most else f"{least} – {most}"
        raise FormulaProblem("arguments_wrong", node.start + 1, function=node.word, wanted=wanted)


Parts = Sequence[tuple[str, _Closure]]


def _numbers(node: Node, parts: Parts) -> list[_Number]:
    for part, (kind, _closure) in zip(node.parts, parts, strict=True):
        if kind != NUMBER:
            raise FormulaProblem("number_expected", part.start + 1, found=kind)
    return [closure for _kind, closure in parts]  # type: ignore[misc]  # Their kind was checked.


def _sum(node: Node, parts: Parts) -> tuple[str, _Closure]:
    first, *rest = _numbers(node, parts)
    steps = list(zip(node.signs, rest, [p.start + 1 for p in node.parts[1:]], strict=True))

    def added(run: _Run) -> Value:
        total = first(run)
        for sign, part, position in steps:
            value = part(run)
            total = _within(total + value if sign == "+" else total - value, position)
        return total

    return NUMBER, added


def _product(node: Node, parts: Parts) -> tuple[str, _Closure]:
    first, *rest = _numbers(node, parts)
    steps = list(zip(node.signs, rest, [p.start + 1 for p in node.parts[1:]], strict=True))

    def multiplied(run: _Run) -> Value:
        total = first(run)
        for sign, part, position in steps:
            value = part(run)
            if sign == "*":
                total = _cut(total * value, position)
            elif value:
                total = _cut(total / value, position)
            else:
                raise FormulaProblem("division_by_zero", position)
        return total

    return NUMBER, multiplied


def _negative(node: Node, parts: Parts) -> tuple[str, _Closure]:
    (value,) = _numbers(node, parts)

    def turned(run: _Run) -> Value:
        found = value(run)
        return -found if found else found

    return NUMBER, turned


_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _compare(node: Node, parts: Parts) -> tuple[str, _Closure]:
    (kind, left), (other, right) = parts
    if kind != other:
        raise FormulaProblem("kinds_differ", node.parts[1].start + 1, left=kind, right=other)
    if node.word == "=":
        return TRUTH, lambda run: left(run) == right(run)
    if node.word == "<>":
        return TRUTH, lambda run: left(run) != right(run)
    low, high = _numbers(node, parts)
    test = _COMPARE[node.word]
    return TRUTH, lambda run: test(low(run), high(run))


def _if(node: Node, parts: Parts) -> tuple[str, _Closure]:
    _arguments(node, 3, 3)
    (truth, condition), (kind, yes), (other, no) = parts
    if truth != TRUTH:
        raise FormulaProblem("truth_expected", node.parts[0].start + 1, found=truth)
    if kind != other:
        raise FormulaProblem("kinds_differ", node.parts[2].start + 1, left=kind, right=other)
    return kind, lambda run: yes(run) if condition(run) else no(run)


def _extreme(node: Node, parts: Parts) -> tuple[str, _Closure]:
    _arguments(node, 1, MOST_PARTS)
    numbers = _numbers(node, parts)
    best: Callable[[Iterator[Decimal]], Decimal] = min if node.word == "MIN" else max
    return NUMBER, lambda run: best(part(run) for part in numbers)


def _value_of(table: LookupTable, position: int) -> Callable[[Value], Decimal]:
    def find(asked: Value) -> Decimal:
        key = _key(asked)
        found = table.value(key)
        if found is None:
            raise FormulaProblem("key_missing", position, table=table.code, key=key)
        return _within(found, position)

    return find


def _increment_of(table: LookupTable, position: int) -> Callable[[Value], Decimal]:
    def find(asked: Value) -> Decimal:
        assert isinstance(asked, Decimal)
        if asked != asked.to_integral_value() or abs(asked) > 10_000:
            raise FormulaProblem("floor_not_whole", position, floor=_plain(asked))
        found = table.increment(int(asked))
        if found is None:
            raise FormulaProblem("floor_missing", position, table=table.code, floor=int(asked))
        return _within(found, position)

    return find
