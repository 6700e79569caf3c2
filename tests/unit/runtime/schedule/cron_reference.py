#!/usr/bin/env python3
"""Writes random cron expressions and when croniter says they are due, for cron_reference_test.cc.

    pip install croniter==7.0.0
    cron_reference.py --count 1000 --seed 1 > cron_reference.tsv

One line each: the expression, the minute to begin after and the next five due times, as minutes
since 1970 (the latter as differences), separated by tabs.
"""
import argparse
import random

from croniter import croniter

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()


def value(rng, least, most, names):
    number = rng.randint(least, most)
    if names and rng.random() < 0.3:
        return names[(number - least) % len(names)], number
    return str(number), number


def item(rng, least, most, names, first):
    # Only a star at the beginning of a field changes the rule for two fields of days.
    kind = rng.random() if first else rng.choice([0, 0.7, 0.9])
    if kind < 0.5:
        return value(rng, least, most, names)[0]
    if kind < 0.6:
        return f"*/{rng.randint(1, most - least + 1)}"
    low = rng.randint(least, most - 1)
    high = rng.randint(low + 1, most)
    if kind < 0.8:
        return f"{low}-{high}"
    return f"{low}-{high}/{rng.randint(1, high - low)}"


def field(rng, least, most, star, names=()):
    if rng.random() < star:
        return "*"
    count = rng.choice([1, 1, 1, 2, 3])
    return ",".join(item(rng, least, most, names, i == 0) for i in range(count))


def day_of_month(rng):
    return "L" if rng.random() < 0.05 else field(rng, 1, 31, 0.5)


def day_of_week(rng):
    if rng.random() < 0.08:
        return f"{rng.randint(0, 6)}#{rng.randint(1, 5)}"
    return field(rng, 0, 6, 0.5, WEEKDAYS)


def expression(rng):
    weekday = day_of_week(rng)
    # With "1#3", croniter takes the day of the month as another condition, not as an alternative.
    day = "*" if "#" in weekday else day_of_month(rng)
    return " ".join([field(rng, 0, 59, 0.2), field(rng, 0, 23, 0.3), day,
                     field(rng, 1, 12, 0.6, MONTHS), weekday])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    written = 0
    while written < options.count:
        text = expression(rng)
        after = rng.randint(946_684_800, 2_100_000_000) // 60
        try:
            # The rule of cron for two fields of days, to the letter.
            times = croniter(text, after * 60, implement_cron_bug=True, max_years_between_matches=9)
            due = [round(times.get_next(float)) // 60 for _ in range(5)]
        except Exception:  # never due, or a form that croniter refuses
            continue
        deltas = " ".join(str(b - a) for a, b in zip([after] + due, due))
        print(f"{text}\t{after}\t{deltas}")
        written += 1


if __name__ == "__main__":
    main()
