#!/usr/bin/env python3
"""Puts the figures of several rounds together: a table of medians, and the same as JSON.

Takes files that engine_bench --json wrote and files that micro_bench wrote with
--benchmark_out_format=json. A figure keeps the place of its first appearance.
"""
import argparse
import json
import re
import statistics
import sys

NUMBERS = ("value", "floor", "floor_same_bytes", "cpu_us", "client_cpu_us")


def micro_figure(entry):
    """A figure from a benchmark of Google Benchmark: the rate if it has one, or the time."""
    name = re.sub(r"/(process_time|real_time)", "", entry["name"])
    if "items_per_second" in entry:
        unit = "events/s" if name.startswith("replay") else "records/s"
        return {"name": name, "value": entry["items_per_second"], "unit": unit}
    return {"name": name, "value": entry["cpu_time"], "unit": entry["time_unit"]}


def figures_of(path):
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    if isinstance(content, list):
        return content
    return [micro_figure(entry) for entry in content["benchmarks"]]


def median(figures, key):
    values = [figure[key] for figure in figures if figure.get(key) is not None]
    return statistics.median(values) if values else None


def ratio(value, floor):
    return value / floor if floor else None


def merge(paths):
    rounds = {}
    for path in paths:
        for figure in figures_of(path):
            rounds.setdefault(figure["name"], []).append(figure)
    merged = []
    for name, figures in rounds.items():
        number = {key: median(figures, key) for key in NUMBERS}
        merged.append({
            "name": name,
            "value": number["value"],
            "unit": figures[0]["unit"],
            "floor": number["floor"],
            "ratio": ratio(number["value"], number["floor"]),
            "floor_same_bytes": number["floor_same_bytes"],
            "ratio_same_bytes": ratio(number["value"], number["floor_same_bytes"]),
            "cpu_us": number["cpu_us"],
            "client_cpu_us": number["client_cpu_us"],
            "rounds": len(figures),
        })
    return merged


def text(number, small_digits=1):
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.{small_digits}f}"


def print_table(figures):
    line = "{:<30} {:>12}  {:<12} {:>12} {:>6} {:>12} {:>6} {:>9}"
    print(line.format("figure", "median", "unit", "floor", "ratio", "same bytes", "ratio", "CPU us"))
    for f in figures:
        print(line.format(f["name"], text(f["value"], 2), f["unit"], text(f["floor"]),
                          text(f["ratio"], 2), text(f["floor_same_bytes"]),
                          text(f["ratio_same_bytes"], 2), text(f["cpu_us"], 2)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the medians to this file, too")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    figures = merge(options.files)
    print_table(figures)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"bench_table: {error}")
