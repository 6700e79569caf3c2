#!/bin/bash
# 10,000 orders in flight together, in a process that is killed three times. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/demo.sh

Builds the sample order_saga, runs 10,000 orders through it, and kills the process with SIGKILL at
three random moments in the middle of the work. Each time the same command goes on where it was. At
the end every order is compared with what the warehouse, the bank and the carrier did.

The last line and the exit status say whether everything went well. The data stays in
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
readonly verdict=out/demo/verdict
readonly kill_at=('10 30' '40 60' '70 90')  # percent of the work: a random point in each range
readonly requests=40000                     # the work: about four requests to services per order

say() { printf '\n== %s\n' "$1"; }
fail() { printf '\ndemo: FAILED: %s\n' "$1" >&2; exit 1; }

# A background process of a script does not get Ctrl-C; it must not outlive the demo.
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true' EXIT

build() {
  say 'Building the sample (a few minutes the first time)'
  scripts/setup.sh
  cmake --preset release >"$log" 2>&1 || { cat "$log" >&2; fail 'cmake --preset release'; }
  if [ -t 1 ]; then
    cmake --build --preset release --target order_saga || fail 'the build'
  else
    cmake --build --preset release --target order_saga >>"$log" 2>&1 ||
      { tail -50 "$log" >&2; fail 'the build'; }
  fi
}

readonly run=("$program" run --orders "$orders" --data "$data")

# Prints a number of the status line: requests, settled or open orders. 0: there is none yet.
status() {
  local line
  line=$("$program" status --data "$data" 2>/dev/null) || line=
  line=${line##*"$1="}
  echo "${line:+${line%% *}}" | grep . || echo 0
}

# SIGKILL gives the process no chance to tidy up: for the process it is a power failure.
run_and_kill() {
  local target code=0
  target=$((requests * ($1 + RANDOM % ($2 - $1)) / 100))
  "${run[@]}" &
  pid=$!
  while [ "$(status requests)" -lt "$target" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || code=$?
  pid=
  [ "$code" -eq 137 ] || fail "the process was to be killed, but had ended with exit code $code"
  [ "$(status open)" -gt 0 ] || fail 'no order was open any more when the process was killed'
  printf '\n  KILLED after %s requests: %s orders were settled, %s were open\n' \
    "$(status requests)" "$(status settled)" "$(status open)"
}

rm -rf "$data"
mkdir -p "$(dirname "$log")"
build
for number in 1 2 3; do
  say "Run $number: to be killed in the middle of the work"
  # shellcheck disable=SC2086  # two words on purpose
  run_and_kill ${kill_at[number - 1]}
done
say 'Run 4: to the end'
"${run[@]}" || fail 'the run'
say 'Do the books of the services agree with the workflows?'
"$program" audit --data "$data" | tee "$verdict" || fail 'the audit'
printf '\n%s kills=%s\n' "$(sed -n 's/^audit:/demo:/p' "$verdict")" "${#kill_at[@]}"
