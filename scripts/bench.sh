#!/bin/bash
# Measures Reprise against the floor that LMDB sets. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/bench.sh [--quick] [--json FILE] [--dir DIRECTORY] [--rounds N]

Builds the release preset, runs engine_bench (whole loads, each between two measurements of its
floor) and micro_bench (single parts), and prints the median of each figure over the rounds: the
value, the floor of the same run, and their ratio. docs/performance.md says what they mean. Takes
about half an hour for three rounds, and ten more for the soak.

  --quick            fewer and smaller loads, one round, no soak; under three minutes
  --json FILE        also writes [{"name", "value", "unit", "floor", "ratio", ...}, ...] there;
                     scripts/bench_chart.py draws it
  --dir DIRECTORY    where the stores are made: the disk that is measured (default: $TMPDIR or /tmp)
  --rounds N         how often everything is measured (default: 3, quick 1)
END
}

misused() { echo "bench: $1" >&2; usage >&2; exit 2; }

quick=no
json=
directory=${TMPDIR:-/tmp}
rounds=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --json) json=${2:-}; [ -n "$json" ] || misused "--json needs a file"; shift ;;
    --dir) directory=${2:-}; [ -d "$directory" ] || misused "--dir needs a directory"; shift ;;
    --rounds) rounds=${2:-}; [[ $rounds =~ ^[1-9][0-9]*$ ]] || misused "--rounds needs a number"; shift ;;
    --help) usage; exit 0 ;;
    *) misused "unknown argument $1" ;;
  esac
  shift
done
command -v python3 >/dev/null || { echo "bench: python3 is needed for the table" >&2; exit 1; }

loads=(--dir "$directory")
parts='^(strand_create|strand_switch_pair|replay_in_memory/.*|journal_append/.*)(/|$)'
part_seconds=0.5
if [ $quick = yes ]; then
  loads+=(--quick)
  parts='^(strand_create|strand_switch_pair|replay_in_memory/10000|journal_append/(1|4096))(/|$)'
  part_seconds=0.2
  rounds=${rounds:-1}
fi
rounds=${rounds:-3}

scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target engine_bench micro_bench >/dev/null
readonly bin=build/release/bench
export REPRISE_BENCH_DIR=$directory

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failed=no
for ((round = 1; round <= rounds; ++round)); do
  echo "round $round of $rounds" >&2
  "$bin/engine_bench" "${loads[@]}" --json "$results/loads-$round.json" >&2 || failed=yes
  "$bin/micro_bench" --benchmark_filter="$parts" --benchmark_min_time=$part_seconds \
    --benchmark_out="$results/parts-$round.json" --benchmark_out_format=json >"$results/log" 2>&1 ||
    { cat "$results/log" >&2; failed=yes; }
done
if [ $quick = no ]; then
  echo "soak" >&2
  "$bin/engine_bench" --dir "$directory" --filter '^soak$' --json "$results/soak.json" >&2 || failed=yes
fi

echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB, $(uname -sr), stores in $directory"
scripts/bench_table.py ${json:+--json "$json"} "$results"/*.json
[ $failed = no ]
