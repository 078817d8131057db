"""Facts about the plot of ratios."""

from __future__ import annotations

from xml.etree import ElementTree

from hub.bench.plot import plot


def row(title: str, ratio: float | None, met: bool | None) -> dict[str, object]:
    return {"title": title, "ratio": ratio, "met": met}


def test_every_ratio_has_a_bar_and_numbers_alone_have_none() -> None:
    drawn = ElementTree.fromstring(plot([row("a < b", 0.05, True), row("c", 12.0, False), row("d", None, True)]))
    texts = [e.text for e in drawn.iter() if e.tag.endswith("text")]
    assert "a < b" in texts
    assert "0.05" in texts
    assert "d" not in texts
    assert sum(e.tag.endswith("rect") for e in drawn.iter()) == 3


def test_a_bar_to_the_left_is_less_and_one_to_the_right_more() -> None:
    drawn = ElementTree.fromstring(plot([row("less", 0.1, True), row("more", 10.0, False)]))
    bars = [e for e in drawn.iter() if e.tag.endswith("rect")][1:]
    middle = float(next(e for e in drawn.iter() if e.tag.endswith("line")).attrib["x1"])
    less, more = ((float(b.attrib["x"]), float(b.attrib["width"])) for b in bars)
    assert abs(less[0] + less[1] - middle) < 0.2
    assert abs(more[0] - middle) < 0.2
