"""Sums that a text works out: in brackets behind their result (3.1亿元(21.7-18.6)), or as an equation before it
(64,200.00×0.50%=321.00元, 100,000÷(1+1.2%)≈98,814.23)."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from compliance_filters.numbers.evidence import Known
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.quantities import Quantity

_CONTENT = re.compile(r"[\d.,%+\-×*÷/()\s亿万元个百分点倍年份]{3,80}")
_SAYS = re.compile("[=＝≈]")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MEASURE = re.compile(r"个?百分点|[亿万千百元个倍年份股天期只次笔手张\s,]")
_OPERATOR = re.compile(r"[+×*÷/]|(?<=[\d.%)])\s*-")
_OF_A_SUM = re.compile(r"[+×*÷/\-－＋=]")  # 30,000÷(1+1.2%): the number belongs to the computation
_RANGE = re.compile(r"[\d\s\-/.]+")  # 2021-2023, 400-888-0199, 12/345: no sum
_SCALES = (1.0, 100.0, 0.01, 1e4, 1e-4, 1e8, 1e-8)  # per cent, 万 and 亿 may stand on one side alone
_OPENS, _CLOSES = "(（", ")）"
_PLAIN = str.maketrans("－＋（）％xX加减乘", "-+()%**+-*")
_CONSTANTS = frozenset({1.0, 100.0, 10_000.0, 12.0, 365.0, 360.0})
_NEAR = 2  # characters between a result and the bracket that works it out
_APART = re.compile(r"[，,；;。、]")  # and the bracket is of what follows: 1.864，(1.864-1.385)/1.864
_GOES_ON = re.compile(r"\s?[+×*÷/－＋=＝≈-]")  # a bracket that a computation goes on behind is no whole one
_MINUS = ("-", "－")
_RESULT = re.compile(r"[-－]?\d")  # -2.4×0.5%=-1.2%
_EQUALS = re.compile(r"\s?(?:[=＝≈]|约?等于|约为)\s?约?")
# What may stand on the left of an equation: numbers, signs and the words of units; it ends in a number or a bracket.
_LEFT = re.compile(
    r"(?:[\d.,%％+\-×*÷/()（）－＋]|[xX](?=\s?\d)|\s|[亿万千百]|元|份|股|个百分点|倍|[天期只次笔手张](?=\s?[×*÷/+－＋-])){1,80}$"
)
_LED_ON = re.compile(r"[+×*÷/－＋][\u4e00-\u9fffA-Za-z]{1,8}$")  # 管理费1.20%+托管费0.20%+0.10%: more stands before
_LONGEST = 80
_HALF = 0.51  # of the last shown digit, and a little for binary fractions
_APPLY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, kw_only=True)
class Sum:
    """A computation in a text: a bracket, or what stands before an equals sign; offsets are into the text."""

    start: int
    end: int
    values: tuple[float, ...]  # with per cent as hundredths, and as they stand
    divides: bool = False  # what a quotient comes to is no distance of rates
    result: int = -1  # where the result of an equation stands; a bracket's stands before it

    def gives(self, shown: str, quantity: Quantity | None = None) -> bool:
        """Whether the computation comes to a number as it is written, within its last digit."""
        found = _NUMBER.search(shown)
        if self.divides and shown.endswith("百分点"):
            return False
        if found is None:  # 四分之三（1-500÷2000）
            return quantity is not None and any(
                quantity.admits(Decimal(str(abs(value) * 100))) for value in self.values
            )
        literal = found.group().replace(",", "")
        room = _HALF * 10.0 ** -len(literal.partition(".")[2])
        wanted, falls = float(literal), shown.startswith(_MINUS)
        signed = self.result >= 0  # a bracket stands behind a number whose words may tell the way: 下降1.05%（…）
        values = [-value if falls else value if signed else abs(value) for value in self.values]
        return any(abs(value * scale - wanted) <= room for value in values for scale in _SCALES)


def sums(text: str) -> Iterator[Sum]:
    """Outermost brackets that hold a computation of two numbers or more."""
    done = 0
    for opening in re.finditer(r"[(（]", text):
        start = opening.start()
        end = _closing(text, start)
        if start < done or end < 0:
            continue
        content = _SAYS.split(text[start + 1 : end])[0].translate(_PLAIN)  # (5.47%×10%≈0.55%): the left is worked out
        if not _CONTENT.fullmatch(content) or len(_NUMBER.findall(content)) < 2 or not _OPERATOR.search(content):
            continue
        if _RANGE.fullmatch(content) and not re.search(r"\d\.\d+\s*-\s*\d+\.\d", content):
            continue
        if values := _values(content):
            done = end
            yield Sum(start=start, end=end + 1, values=values, divides=_divides(content))


def equations(text: str) -> Iterator[Sum]:
    """Computations with their result behind an equals sign, also of a chain: 26,500÷10×0.380=10,070÷10=1,007."""
    for sign in _EQUALS.finditer(text):
        left = _LEFT.search(text, max(0, sign.start() - _LONGEST), sign.start())
        if left is None or not _RESULT.match(text, sign.end()) or _LED_ON.search(text, 0, left.start()):
            continue
        start, content = left.start(), left.group()
        while content.count(")") + content.count("）") < content.count("(") + content.count("（"):
            opening = next(at for at, char in enumerate(content) if char in _OPENS)
            start, content = start + opening + 1, content[opening + 1 :]
        content = content.translate(_PLAIN)
        if len(_NUMBER.findall(content)) < 2 or not _OPERATOR.search(content):
            continue
        if values := _values(content):
            yield Sum(start=start, end=sign.start(), values=values, divides=_divides(content), result=sign.end())


def _divides(content: str) -> bool:
    return "÷" in content or "/" in content


def _values(content: str) -> tuple[float, ...]:
    """What a computation comes to with per cent as hundredths, and as they stand; () where it is none."""
    values = tuple(_value(content, hundredths) for hundredths in (True, False))
    return tuple(v for v in values if v is not None) if None not in values else ()


def _closing(text: str, start: int) -> int:
    depth = 0
    for place in range(start, min(len(text), start + 90)):
        depth += (text[place] in _OPENS) - (text[place] in _CLOSES)
        if depth == 0:
            return place
    return -1


def _value(content: str, hundredths: bool) -> float | None:
    """What an expression comes to; None where it is none."""
    plain = _MEASURE.sub("", content).replace("×", "*").replace("÷", "/")
    plain = re.sub(r"(\d+(?:\.\d+)?)%", r"(\1/100)" if hundredths else r"\1", plain)
    try:
        return _computed(ast.parse(plain, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def _computed(node: ast.expr) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _APPLY:
        return _APPLY[type(node.op)](_computed(node.left), _computed(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_computed(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    raise ValueError("no computation")


class WorkedSums:
    """The sums of one page, and which of its figures they prove or contradict."""

    def __init__(self, page: Page, known: Known) -> None:
        self._page = page
        text = page.text
        self._sums = tuple(sums(text)) if any(sign in text for sign in _OPENS) else ()
        self._sums += tuple(equations(text)) if _EQUALS.search(text) else ()
        self._known = set(_known_values(known)) if self._sums else set()

    def prove(self, index: int, open_ones: Collection[int]) -> bool:
        """Whether a figure is a term that is proved elsewhere, or the result of a sum whose terms are all proved."""
        figure = self._page.figures[index]
        shown = self._sum_of(index)
        if shown is not None and shown.gives(self._shown(index), figure.quantity):
            return not self._open_terms(shown, open_ones)
        within = next((s for s in self._sums if s.start <= figure.start and figure.end <= s.end), None)
        return within is not None and self._is_term(index, open_ones)

    def is_result(self, index: int) -> bool:
        """Whether a figure stands before a bracket, or behind the sign of an equation, that gives it."""
        shown = self._sum_of(index)
        return shown is not None and shown.gives(self._shown(index), self._page.figures[index].quantity)

    def contradict(self, index: int) -> bool:
        """Whether the computation of a figure comes to something else."""
        shown, written = self._sum_of(index), self._shown(index)
        if shown is None or not _NUMBER.search(written):
            return False  # 前五分之一（41÷236≈17.4%）
        return not shown.gives(written, self._page.figures[index].quantity)

    def _is_term(self, index: int, open_ones: Collection[int]) -> bool:
        """A constant, or a number that is known or proved outside the brackets, whatever its unit."""
        mine = _literal(self._shown(index))
        if mine is None:
            return False
        proved = {
            value
            for i, figure in enumerate(self._page.figures)
            if i not in open_ones
            and (self._ends_equation(i) or not any(s.start <= figure.start < s.end for s in self._sums))
            and (value := _literal(self._shown(i))) is not None
        }
        return mine in _CONSTANTS or any(
            abs(mine * scale - value) <= 1e-9 * max(1.0, value) for value in proved | self._known for scale in _SCALES
        )

    def _open_terms(self, shown: Sum, open_ones: Collection[int]) -> bool:
        figures = self._page.figures
        return any(shown.start <= figures[i].start < shown.end and not self._is_term(i, open_ones) for i in open_ones)

    def _ends_equation(self, index: int) -> bool:
        start = self._page.figures[index].start
        return any(s.result == start for s in self._sums)

    def _sum_of(self, index: int) -> Sum | None:
        """The equation that a figure is the result of, or the bracket right behind it."""
        figure, text = self._page.figures[index], self._page.text
        equation = next((s for s in self._sums if s.result == figure.start), None)
        if equation is not None:
            return equation
        behind = next((s for s in self._sums if s.result < 0 and 0 <= s.start - figure.end <= _NEAR), None)
        if behind is None or _GOES_ON.match(text, behind.end):
            return None
        between = text[figure.end : behind.start]
        return None if _OF_A_SUM.search(between) or _APART.search(between) else behind

    def _shown(self, index: int) -> str:
        figure = self._page.figures[index]
        return self._page.text[figure.start : figure.end]


def _known_values(known: Known) -> Iterator[float]:
    yield from (abs(float(fact.quantity.value)) for fact in known.facts)
    for source in known.sources:
        yield from (abs(float(figure.quantity.value)) for figure in source.page.figures)


def _literal(shown: str) -> float | None:
    found = _NUMBER.search(shown)
    return float(found.group().replace(",", "")) if found else None
