"""Charts: valid pictures with a text alternative, whatever the data and the names."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from copilot.diagnosis.charts import BarChart, Bars, Chart, Line, LineChart, draw, thinned

SVG = "{http://www.w3.org/2000/svg}"


def line_chart(*values: float, filled: bool = False, name: str = "云岭样本") -> LineChart:
    dates = tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(len(values)))
    lines = (Line(name=name, values=values),)
    return LineChart(title="走势", alt="一条线。", unit="%", dates=dates, lines=lines, filled=filled)


@pytest.mark.parametrize(
    "chart",
    [
        line_chart(1.0, 2.0, -3.0),
        line_chart(0.0, -5.0, -2.0, filled=True),
        line_chart(0.0, 0.0),
        line_chart(1.0),
        line_chart(*[float(i % 97) for i in range(3000)]),
        BarChart(title="柱", alt="柱。", unit="%", labels=("2024",), bars=(Bars(name="甲", values=(None,)),)),
        BarChart(title="柱", alt="柱。", unit="%", labels=("a", "b"), bars=(Bars(name="甲", values=(1e9, -1e-9)),)),
    ],
)
def test_every_chart_is_valid_and_has_a_text_alternative(chart: Chart) -> None:
    root = ElementTree.fromstring(draw(chart))
    assert root.get("aria-label") == chart.alt
    assert root.findtext(f"{SVG}desc") == chart.alt
    assert "nan" not in draw(chart)


def test_names_cannot_bring_markup() -> None:
    root = ElementTree.fromstring(draw(line_chart(1.0, 2.0, name='<script>"&')))
    assert root.find(f".//{SVG}script") is None
    assert '<script>"&' in [text.text for text in root.iter(f"{SVG}text")]


def test_thinning_keeps_the_lowest_point() -> None:
    values = [0.0] * 3000
    values[1777] = -50.0
    points = ElementTree.fromstring(draw(thinned(line_chart(*values)))).find(f"{SVG}polyline")
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points.attrib["points"].split()]
    assert heights.count(max(heights)) == 1
    assert len(heights) < 500
