#!/bin/bash
# Measures Reprise against the floor that LMDB sets. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/bench.sh [--quick] [--json FILE] [--dir DIRECTORY]

Builds the release preset, runs bench/engine_bench and bench/journal_floor in turn, several times,
and prints the median of each figure next to the floor of the same run and their ratio. The floor of
a workflow benchmark is what LMDB alone does for the same number of runs in flight: the same commits
and 200 bytes per event, with no engine on top (bench/journal_floor.cc).

  --quick            fewer figures, one round, under three minutes
  --json FILE        also writes [{"name", "value", "unit", "floor", "ratio"}, ...] there
  --dir DIRECTORY    where the stores are made: the disk that is measured (default: /tmp)
END
}

quick=no
json=
directory=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --json) json=${2:?--json needs a file}; shift ;;
    --dir) directory=${2:?--dir needs a directory}; shift ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

if [ $quick = yes ]; then
  rounds=1 seconds=2 counts=(1 1000) loads=(three_steps three_activities)
else
  rounds=3 seconds=5 counts=(1 128 1000 10000)
  loads=(three_steps three_steps_inline three_activities no_op)
fi

scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target engine_bench journal_floor >/dev/null
readonly bench=build/release/bench/engine_bench
readonly floor=build/release/bench/journal_floor
export REPRISE_BENCH_DIR=$directory

results=$(mktemp)
scratch=$(mktemp -d "$directory/reprise-floor-XXXXXX")
trap 'rm -rf "$results" "$scratch"' EXIT

# Each result is a line: name value unit floor ("-": there is none).
floor_of() {
  "$floor" "$scratch/store" "$1" 3 200 "$seconds" | sed -E 's/.* ([0-9]+) workflows.*/\1/'
}

# measure FILTER AWK-PROGRAM: runs part of engine_bench; the program reads its CSV lines.
measure() {
  "$bench" --benchmark_filter="$1" --benchmark_format=csv --benchmark_min_time="$seconds" \
    2>/dev/null | awk -F, -v floor="${3:--}" '/^"/ { gsub(/"/, "", $1); sub(/\/(process_time|real_time|iterations).*/, "", $1); '"$2"' }' >>"$results"
}

echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB, $(uname -sr), stores in $directory"
for ((round = 1; round <= rounds; ++round)); do
  echo "round $round of $rounds" >&2
  for count in "${counts[@]}"; do
    before=$(floor_of "$count")
    for load in "${loads[@]}"; do
      measure "^$load/$count/" 'print $1, $7, "workflows/s", floor; print $1 "/cpu", $4 / 1000, "us", "-"' \
        "$before"
    done
  done
  measure '^replay/' 'print $1, $7, "events/s", "-"'
  measure '^(strand_create|strand_switch_pair)$' 'print $1, $4, "ns", "-"'
  measure '^journal_append/' 'print $1, $7, "records/s", "-"'
  measure '^waiting/' 'print $1, $NF, "bytes/run", "-"'
done

# The median of each figure, in the order of their first appearance.
awk -v json="$json" '
  function median(list, n,   i, j, t) {
    for (i = 2; i <= n; ++i) for (j = i; j > 1 && list[j] < list[j-1]; --j) { t = list[j]; list[j] = list[j-1]; list[j-1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
  }
  !($1 in count) { order[++names] = $1; unit[$1] = $3 }
  { n = ++count[$1]; value[$1, n] = $2 + 0; floor[$1, n] = $4; }
  END {
    printf "%-28s %14s  %-12s %12s %7s\n", "figure", "median", "unit", "floor", "ratio"
    if (json != "") printf "[" > json
    for (i = 1; i <= names; ++i) {
      name = order[i]; n = count[name]
      for (k = 1; k <= n; ++k) { v[k] = value[name, k]; f[k] = floor[name, k] + 0 }
      m = median(v, n); has = floor[name, 1] != "-"; lo = has ? median(f, n) : 0
      printf "%-28s %14.1f  %-12s %12s %7s\n", name, m, unit[name], has ? sprintf("%.0f", lo) : "", has ? sprintf("%.2f", m / lo) : ""
      if (json != "") printf "%s\n  {\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"floor\": %s, \"ratio\": %s}", (i > 1 ? "," : ""), name, m, unit[name], has ? sprintf("%.6g", lo) : "null", has ? sprintf("%.4g", m / lo) : "null" > json
    }
    if (json != "") print "\n]" > json
  }' "$results"
