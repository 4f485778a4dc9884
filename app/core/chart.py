"""Charts as SVG made by the server: no script, no inline style, so that they print, and each bar leads to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

SIGN, BAR_WIDTH, FIGURE_WIDTH = 14, 420, 60  # the width of a sign of a name, of the longest bar, of the figure after it
ROW, BAR, GAP = 28, 18, 8  # heights of a row and of its bar, and the distance between name and bar

COLUMN, HIGH, HEAD, FOOT = 44, 120, 20, 22  # the width of a pair, the height of the tallest column, the room above and below
SLIM = 16  # the width of one column of a pair
LEGEND, KEY = 22, 12  # the height of the line that says which is which, and the side of its squares


@dataclass(frozen=True)
class Pair:
    """Two columns beside each other under one name, the earlier one first, and the page they lead to, if any."""

    name: str
    before: int
    now: int
    url: str = ""


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


def pairs(told: Sequence[Pair], title: str, names: tuple[str, str]) -> Markup:
    """Pairs of columns side by side, drawn to one scale from zero; `names` says what the first and the second column are."""
    largest = max((max(pair.before, pair.now) for pair in told), default=0) or 1
    drawn = Markup("").join(_pair(pair, number, largest, names) for number, pair in enumerate(told))
    width = max(COLUMN * len(told), SIGN * (len(names[0]) + len(names[1])) + 4 * KEY)
    height = HEAD + HIGH + FOOT + LEGEND
    frame = Markup('<svg class="chart" role="group" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}{}</svg>')
    return frame.format(title, width, height, width, height, drawn, _legend(names))


def _pair(pair: Pair, number: int, largest: int, names: tuple[str, str]) -> Markup:
    left, ground = number * COLUMN + (COLUMN - 2 * SLIM) // 2, HEAD + HIGH
    parts = [Markup("<title>{}: {} {}, {} {}</title>").format(pair.name, names[0], pair.before, names[1], pair.now)]
    for place, (figure, kind) in enumerate(((pair.before, "chart-before"), (pair.now, "chart-bar"))):
        height, start = figure * HIGH // largest, left + place * SLIM
        parts.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>').format(kind, start, ground - height, SLIM - 1, height)
        )
        if figure:
            middle, over = start + SLIM // 2, ground - height - 8
            parts.append(Markup('<text class="chart-figure chart-middle" x="{}" y="{}">{}</text>').format(middle, over, figure))
    parts.append(Markup('<text class="chart-middle" x="{}" y="{}">{}</text>').format(left + SLIM, ground + FOOT // 2, pair.name))
    drawn = Markup("").join(parts)
    return Markup('<a href="{}">{}</a>').format(pair.url, drawn) if pair.url else Markup("<g>{}</g>").format(drawn)


def _legend(names: tuple[str, str]) -> Markup:
    top, start, drawn = HEAD + HIGH + FOOT, 4, []
    for name, kind in zip(names, ("chart-before", "chart-bar"), strict=True):
        drawn.append(Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>').format(kind, start, top + 4, KEY, KEY))
        drawn.append(Markup('<text x="{}" y="{}">{}</text>').format(start + KEY + 4, top + 4 + KEY // 2, name))
        start += KEY + 16 + SIGN * len(name)
    return Markup("").join(drawn)


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
