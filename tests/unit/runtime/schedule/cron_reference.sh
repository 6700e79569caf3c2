#!/bin/bash
# Compares 10,000 random cron expressions with croniter, a Python library. Skipped (77) when it
# cannot be installed; the unit test has 1,000 of them in a file.
set -euo pipefail
test_program=${1:?usage: cron_reference.sh SCHEDULE_TEST}
folder=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv" >/dev/null 2>&1 &&
  timeout 60 "$work/venv/bin/pip" install -q --retries 0 croniter==7.0.0 >/dev/null 2>&1 ||
  { echo "skipped: croniter cannot be installed"; exit 77; }
"$work/venv/bin/python" "$folder/cron_reference.py" --count 10000 --seed 2 >"$work/reference.tsv"
REPRISE_CRON_REFERENCE="$work/reference.tsv" "$test_program" --gtest_filter='CronReference*'
