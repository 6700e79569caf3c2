#!/bin/bash
# Runs every torture harness and prints a table of counts. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/torture.sh [--quick|--long] [--seed N] [HARNESS...]

Builds the harnesses of tests/ in build/release and runs them one after another: power failure,
process death, I/O errors, failing allocations, rotten files, hostile values, a model of the API, tools
beside an engine, files that move, poison runs, simulation, fuzzing, overload. Each one checks its own
negative controls too. Prints a table at the end; the exit status says whether all
have passed. docs/reliability.md says what each one looks for, and its latest results.

  --quick    the sizes for every change: a few minutes in all (default)
  --long     the sizes for a night and more
  --seed N   other trials of the same kind (default: 1)
  --help     this text

Each harness can be run alone, too: build/release/tests/<folder>/<harness>_torture --help.
END
}

size=--quick
seed=1
chosen=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick|--long) size=$1 ;;
    --seed) seed=${2:?--seed needs a number}; shift ;;
    --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) chosen+=("$1") ;;
  esac
  shift
done

scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --parallel "${JOBS:-$(nproc)}" --target torture_tests

declare -A programs
while IFS= read -r program; do
  name=$(basename "$program")
  programs[${name%_torture}]=$program
done < <(find build/release/tests -name '*_torture' -type f -perm -u+x)
[ ${#chosen[@]} -gt 0 ] || mapfile -t chosen < <(printf '%s\n' "${!programs[@]}" | sort)

rows=()
failed=0
for name in "${chosen[@]}"; do
  program=${programs[$name]:-}
  if [ -z "$program" ]; then
    echo "torture: there is no harness '$name'; there are: ${!programs[*]}" >&2
    exit 2
  fi
  echo "== $name $size (seed $seed)"
  began=$SECONDS
  # The last line is the harness's own summary.
  if output=$("$program" "$size" --seed "$seed"); then verdict=ok; else verdict=FAILED; failed=1; fi
  line=$(tail -n 1 <<<"$output")
  echo "$line"
  counts=${line#"$name: "}
  rows+=("$name|$((SECONDS - began)) s|$verdict|${counts%: *}")
done

printf '\n%-12s %8s  %-7s %s\n' harness time verdict counts
for row in "${rows[@]}"; do
  IFS='|' read -r name time verdict counts <<<"$row"
  printf '%-12s %8s  %-7s %s\n' "$name" "$time" "$verdict" "$counts"
done
exit $failed
