#!/bin/bash
# 10,000 orders in flight together, in a process that is killed three times. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/demo.sh

Builds the sample order_saga, runs 10,000 orders through it, and kills the process with SIGKILL at
three random moments in the middle of the work. Each time the same command goes on where it was. In
the end every order is compared with what the warehouse, the bank and the carrier did.

The last line says whether all of that went well, and so does the exit status. The data stays in
out/demo for you to look at, until the next demo.
END
}

case ${1:-} in
  '') ;;
  --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

readonly orders=samples/order_saga/orders.csv
readonly program=build/release/samples/order_saga/order_saga
readonly data=out/demo/data
readonly log=out/demo/build.log
readonly kills=3
readonly deadline=10  # seconds; orders that nobody packs keep the first run going for this long

say() { printf '\n== %s\n' "$1"; }
fail() { printf 'demo: FAILED: %s\n' "$1" >&2; exit 1; }

build() {
  say 'Building the sample (some minutes the first time)'
  scripts/setup.sh
  { cmake --preset release && cmake --build --preset release --target order_saga; } >"$log" 2>&1 ||
    { cat "$log" >&2; fail 'the build'; }
}

start() { "$program" run --orders "$orders" --data "$data" --deadline "$deadline"; }

# Prints a field of the status line: ended, in_flight ...
status() { "$program" status --data "$data" | sed -n "s/.*$1=\([0-9]*\).*/\1/p"; }

# SIGKILL gives the process no chance to tidy up: as if the power had failed for it alone.
run_and_kill() {
  local seconds pid code=0
  seconds=$((1 + RANDOM % 2)).$((RANDOM % 10))
  start &
  pid=$!
  sleep "$seconds"
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || code=$?
  [ "$code" -eq 137 ] || fail "the process was to be killed, but exited with $code before"
  [ "$(status in_flight)" -gt 0 ] || fail 'there was nothing left to do when the process was killed'
  printf '\n   killed after %s s: %s orders have ended, %s are on their way\n' \
    "$seconds" "$(status ended)" "$(status in_flight)"
}

rm -rf "$data"
mkdir -p "$(dirname "$log")"
build
for number in $(seq "$kills"); do
  say "Run $number, to be killed"
  run_and_kill
done
say 'The last run, to the end'
start || fail 'the run'
say 'Do the books agree with the workflows?'
verdict=$("$program" verify --data "$data" | tee /dev/stderr | tail -1) || fail 'the verification'
printf '\n%s kills=%s\n' "${verdict/#verify:/demo:}" "$kills"
