"""The bar chart: one scale, every text escaped, each bar a link, nothing to run and no style inside."""

import re

from app.core.chart import BAR_WIDTH, HIGH, Bar, Pair, bars, pairs


def widths(drawn: str) -> list[int]:
    """How long the bars are."""
    return [int(width) for width in re.findall(r'class="chart-bar"[^>]*width="(\d+)"', drawn)]


def test_bars_are_drawn_to_one_scale_from_zero():
    assert widths(bars([Bar("a", 10), Bar("b", 5), Bar("c", 0)], "t")) == [BAR_WIDTH, BAR_WIDTH // 2, 0]


def test_a_chart_of_nothing_is_drawn():
    assert widths(bars([], "t")) == []
    assert widths(bars([Bar("a", 0)], "t")) == [0]


def test_each_bar_leads_to_its_rows():
    drawn = bars([Bar("a", 1, "/rows?line=a&column=b"), Bar("b", 2)], "t")
    assert re.findall(r'<a href="([^"]+)">', drawn) == ["/rows?line=a&amp;column=b"]


def test_no_name_is_taken_for_markup():
    drawn = bars([Bar('<script>"', 1, '"><script>')], '"><b>')
    assert "<script>" not in drawn
    assert "<b>" not in drawn


def test_a_chart_carries_no_script_and_no_style():
    drawn = bars([Bar("龙泉镇", 3)], "出生")
    assert not re.search(r"<script|<style|style=|\son\w+=", drawn)


def test_bars_begin_after_the_longest_name():
    drawn = bars([Bar("龙镇社区居民委员会第一居民小组", 3), Bar("村", 3)], "t")
    starts = {int(x) for x in re.findall(r'class="chart-bar" x="(\d+)"', drawn)}
    ends = {int(x) for x in re.findall(r'class="chart-name" x="(\d+)"', drawn)}
    assert (len(starts), len(ends)) == (1, 1)
    assert 15 * 13 <= ends.pop() < starts.pop()


NAMES = ("Last year", "This year")


def heights(drawn: str) -> list[tuple[str, int]]:
    """(kind, height) of each column; the squares of the legend are left out."""
    return [(kind, int(height)) for kind, height in re.findall(r'class="(chart-before|chart-bar)"[^>]*height="(\d+)"', drawn)[:-2]]


def test_pairs_are_drawn_to_one_scale_the_earlier_column_first():
    drawn = pairs([Pair("1", 4, 8), Pair("2", 0, 2)], "t", NAMES)
    assert heights(drawn) == [("chart-before", HIGH // 2), ("chart-bar", HIGH), ("chart-before", 0), ("chart-bar", HIGH // 4)]


def test_a_column_without_height_has_no_figure_above_it():
    drawn = pairs([Pair("1", 0, 3)], "t", NAMES)
    assert re.findall(r'class="chart-figure[^>]*>(\d+)<', drawn) == ["3"]


def test_pairs_of_nothing_are_drawn():
    assert heights(pairs([], "t", NAMES)) == []
    assert heights(pairs([Pair("1", 0, 0)], "t", NAMES)) == [("chart-before", 0), ("chart-bar", 0)]


def test_each_pair_leads_to_its_page_and_no_word_is_taken_for_markup():
    drawn = pairs([Pair("<b>", 1, 2, "/reports?period=1&x=2"), Pair("2", 1, 1)], '"><i>', ("<u>", "<s>"))
    assert re.findall(r'<a href="([^"]+)">', drawn) == ["/reports?period=1&amp;x=2"]
    assert not re.search(r"<b>|<i>|<u>|<s>|<script|style=|\son\w+=", drawn)
