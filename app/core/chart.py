"""A bar chart as SVG made by the server: no script, no inline style, so that it prints, and each bar leads to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

SIGN, BAR_WIDTH, FIGURE_WIDTH = 14, 420, 60  # the width of a sign of a name, of the longest bar, of the figure after it
ROW, BAR, GAP = 28, 18, 8  # heights of a row and of its bar, and the distance between name and bar


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its figure, and the page it leads to, if any."""

    name: str
    figure: int
    url: str = ""


def bars(told: Sequence[Bar], title: str) -> Markup:
    """The bars below each other, drawn to one scale from zero. Figures are counts, never negative."""
    largest = max((bar.figure for bar in told), default=0) or 1
    start = max((len(bar.name) for bar in told), default=0) * SIGN + GAP
    drawn = Markup("").join(_bar(bar, number, start, largest) for number, bar in enumerate(told))
    width, height = start + BAR_WIDTH + FIGURE_WIDTH, ROW * len(told)
    frame = Markup('<svg class="chart" role="group" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>')
    return frame.format(title, width, height, width, height, drawn)


def _bar(bar: Bar, number: int, start: int, largest: int) -> Markup:
    middle, length = number * ROW + ROW // 2, bar.figure * BAR_WIDTH // largest
    parts = (
        Markup("<title>{}: {}</title>").format(bar.name, bar.figure),
        Markup('<text class="chart-name" x="{}" y="{}">{}</text>').format(start - GAP, middle, bar.name),
        Markup('<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}"></rect>').format(start, middle - BAR // 2, length, BAR),
        Markup('<text class="chart-figure" x="{}" y="{}">{}</text>').format(start + length + GAP, middle, bar.figure),
    )
    drawn = Markup("").join(parts)
    return Markup('<a href="{}">{}</a>').format(bar.url, drawn) if bar.url else Markup("<g>{}</g>").format(drawn)
