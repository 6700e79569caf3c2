#!/usr/bin/env python3
"""Draws the figures of scripts/bench.sh --json as an SVG.

A panel per unit: every load with a rate and a floor is a bar, its floor a mark, the share of the
floor that it reaches a label. With --peers, what scripts/bench_peers.sh --json wrote, another panel
compares the rates of the systems on a logarithmic scale.
"""
import argparse
import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, MARGIN = 880, 210, 190, 24
PLOT = WIDTH - LEFT - RIGHT
ROW, BAR, TITLE, AXIS, GAP = 26, 16, 46, 30, 22
# The background is drawn, so the picture reads the same on a light and on a dark page.
BACKGROUND, INK, FAINT, GRID = "#ffffff", "#1f2933", "#52606d", "#e4e7eb"
OURS, FLOOR, PEER = "#2b6cb0", "#c05621", "#8492a6"
OUR_NAME = "Reprise"
PEER_NAMES = {"dbos": "DBOS"}  # if a capital letter is not enough


def short(number):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


class Linear:
    def __init__(self, largest):
        power = 10 ** math.floor(math.log10(largest))
        step = next(s * power for s in (0.2, 0.25, 0.5, 1, 2) if largest / (s * power) <= 6)
        self.ticks = [i * step for i in range(math.ceil(largest / step) + 1)]
        self.end = self.ticks[-1]

    def x(self, value):
        return LEFT + PLOT * value / self.end


class Logarithmic:
    def __init__(self, smallest, largest):
        self.low = math.floor(math.log10(smallest) - 0.15)
        self.high = math.ceil(math.log10(largest))
        self.ticks = [10.0 ** p for p in range(self.low, self.high + 1)]

    def x(self, value):
        return LEFT + PLOT * (math.log10(value) - self.low) / (self.high - self.low)


class Drawing:
    def __init__(self):
        self.parts = []
        self.y = MARGIN

    def text(self, x, y, words, size=13, color=INK, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" '
                          f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')

    def box(self, x, y, width, height, color, radius=2):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" '
                          f'height="{height}" fill="{color}" rx="{radius}"/>')

    def grid(self, scale, height):
        for tick in scale.ticks:
            x = scale.x(tick)
            self.box(x - 0.5, self.y, 1, height, GRID, 0)
            self.text(x, self.y + height + 16, short(tick), 11, FAINT, "middle")

    def title(self, words, explanation):
        self.text(MARGIN, self.y + 14, words, 16, weight="bold")
        self.text(MARGIN, self.y + 33, explanation, 12, FAINT)
        self.y += TITLE

    def row(self, y, label, end, color, rate, share=""):
        self.text(LEFT - 10, y + BAR - 3, label, 12, anchor="end")
        self.box(LEFT, y, end - LEFT, BAR, color)
        self.columns(y + BAR - 3, rate, share)

    def columns(self, y, rate, share, size=12, color=INK):
        self.text(LEFT + PLOT + 78, y, rate, size, FAINT, "end")
        self.text(WIDTH - MARGIN - 8, y, share, size, color, "end")

    def svg(self):
        height = self.y + MARGIN - GAP
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" '
            'font-family="system-ui, Helvetica, Arial, sans-serif">',
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
            *self.parts, "</svg>", ""])


def draw_floor_panel(drawing, unit, figures):
    scale = Linear(max(max(f["value"], f["floor"]) for f in figures))
    drawing.title(f"{unit.split('/')[0].capitalize()} per second",
                  "Bar: measured, durable. Mark: the floor, which is LMDB alone in the same run.")
    drawing.columns(drawing.y - 8, "measured", "of the floor", 11, FAINT)
    drawing.grid(scale, ROW * len(figures))
    for i, figure in enumerate(figures):
        y = drawing.y + i * ROW + (ROW - BAR) / 2
        drawing.row(y, figure["name"], scale.x(figure["value"]), OURS,
                    f"{short(figure['value'])}/s", f"{figure['ratio']:.2f}")
        drawing.box(scale.x(figure["floor"]) - 1.5, y - 3, 3, BAR + 6, FLOOR, 1)
    drawing.y += ROW * len(figures) + AXIS + GAP


def in_flight(name):
    number = name.rsplit("/", 1)[-1]
    return f", {int(number):,} in flight" if number.isdigit() else ""


def peer_name(peer):
    system = peer["name"].split("/")[0]
    return PEER_NAMES.get(system, system.capitalize())


def compared_rows(peers):
    """By load: the systems as they did in one comparison, ours first, each by its rates."""
    rows = []
    for load in dict.fromkeys(peer["name"].split("/")[1] for peer in peers):
        of_load = [p for p in peers if p["name"].split("/")[1] == load]
        for is_ours, color in ((True, OURS), (False, PEER)):
            some = [p for p in of_load if (peer_name(p) == OUR_NAME) == is_ours]
            rows += [(load, peer_name(p) + in_flight(p["name"]), p["value"], color)
                     for p in sorted(some, key=lambda p: -p["value"])]
    return rows


def draw_peer_panel(drawing, rows, unit):
    scale = Logarithmic(min(r[2] for r in rows), max(r[2] for r in rows))
    drawing.title(f"{unit.split('/')[0].capitalize()} per second, next to others",
                  "Same machine, durable settings. Logarithmic: each line is ten times the one "
                  "before.")
    loads = list(dict.fromkeys(row[0] for row in rows))
    drawing.grid(scale, ROW * (len(rows) + len(loads)))
    y = drawing.y
    for load in loads:
        drawing.text(MARGIN, y + BAR + 2, load, 12, weight="bold")
        y += ROW
        for _, label, value, color in (row for row in rows if row[0] == load):
            drawing.row(y + (ROW - BAR) / 2, label, scale.x(value), color, f"{short(value)}/s")
            y += ROW
    drawing.y = y + AXIS + GAP


def draw(figures, peers):
    drawing = Drawing()
    # With one in flight a rate is really a duration, and its bar would be too small to see.
    with_floor = [f for f in figures
                  if f["unit"].endswith("/s") and f.get("floor") and not f["name"].endswith("/1")]
    for unit in dict.fromkeys(f["unit"] for f in with_floor):
        draw_floor_panel(drawing, unit, [f for f in with_floor if f["unit"] == unit])
    rows = compared_rows(peers)
    if rows:
        draw_peer_panel(drawing, rows, peers[0]["unit"])
    if not drawing.parts:
        raise ValueError("there is no rate with a floor in it")
    return drawing.svg()


def load_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", help="what scripts/bench.sh --json wrote")
    parser.add_argument("svg", help="the picture")
    parser.add_argument("--peers", metavar="JSON", help="figures of other systems")
    options = parser.parse_args()
    peers = load_json(options.peers) if options.peers else []
    peers = [peer for peer in peers if peer["unit"].endswith("/s")]
    picture = draw(load_json(options.json), peers)
    with open(options.svg, "w", encoding="utf-8") as file:
        file.write(picture)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.exit(f"bench_chart: {error}")
