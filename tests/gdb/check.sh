#!/bin/bash
# check.sh CASE DEBUGGEE WORK: runs gdb in batch mode on the debuggee and looks at what it prints.
# `speed` prints a figure, and is no test.
# Exit status 77: this machine cannot do that (no gdb, no right to trace processes).
set -euo pipefail
readonly case=$1 debuggee=$2 work=$3
readonly script=$(dirname "$(realpath "$0")")/../../tools/gdb/reprise-gdb.py

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "FAILED: $*"; echo "---- gdb said"; cat "$work/out"; exit 1; }

command -v gdb >/dev/null || skip "there is no gdb: scripts/setup.sh installs it"

# gdb loads the commands from the program itself.
gdb_batch() {
  timeout 100 gdb -nx -batch -iex "set auto-load safe-path $(dirname "$debuggee")" \
    -iex "set debuginfod enabled off" -ex "set width 0" -ex "set confirm off" "$@" \
    >"$work/out" 2>&1 </dev/null || true
}
says() { grep -qE -- "$1" "$work/out" || fail "it does not say: $1"; }
never_says() { ! grep -qE -- "$1" "$work/out" || fail "it says: $1"; }
# The pattern matches on that many lines.
says_times() {
  [ "$(grep -cE -- "$2" "$work/out")" -eq "$1" ] || fail "it does not say $1 times: $2"
}

can_run_under_gdb() {
  gdb -nx -batch -ex run -ex "p 6*7" --args /bin/true 2>&1 | grep -q "exited normally"
}

# The kernel writes core files to the current directory, as $core. gdb's own generate-core-file
# stops at the guard page below the first stack.
allow_core() {
  ulimit -c unlimited || skip "core files are not allowed"
  cd "$work"
}
find_core() {
  core=$(find "$work" -mindepth 1 -maxdepth 1 -name 'core*' | head -n 1)
  [ -n "$core" ] || skip "core files go elsewhere: $(cat /proc/sys/kernel/core_pattern)"
}

# Starts a worker with two runs that wait, as $worker; it ends with this script.
serve() {
  mkfifo "$work/in" "$work/lines"
  "$debuggee" serve "$work/store" <"$work/in" >"$work/lines" &
  worker=$!
  exec 8>"$work/in" 9<"$work/lines"
  trap 'exec 8>&-; wait $worker || true' EXIT
  read -r line <&9
  [ "$line" = ready ] || fail "the worker said: $line"
}

# What a process with the two waiting runs shows, live or not.
says_what_waits() {
  says '^#[12] order-1  order  waiting$'
  says '^#[12] order-2  order  waiting$'
  says_times 3 '^ *strand 1 waits for signal packed$'   # two runs, and one backtrace
  says_times 3 '^ *strand 2 waits for timer 86400000ms$'
  says '^    #[0-9]+ +shop::run_order \(.*amount=.*\) at .*gdb/shop.cc:[0-9]+$'
  says '^    #[0-9]+ +operator\(\) .* at .*gdb/shop.cc:[0-9]+$'  # the spawned function
  says "no resident run is called 'order-9'"
  says 'which run\? 2 are resident'
}
readonly look=(-ex "reprise runs" -ex "reprise bt order-1 full" -ex "reprise bt order-9"
  -ex "reprise bt" -ex "reprise history" -ex "reprise next")

rm -rf "$work"
mkdir -p "$work"
"$debuggee" record "$work/order.bin"
can_run_under_gdb || skip "processes cannot be traced here"

case $case in
  replay)  # --break stops in the workflow's own code
    gdb_batch -ex run -ex "info locals" -ex "reprise bt full" -ex "reprise runs" -ex continue \
      --args "$debuggee" replay --history "$work/order.bin" --break 4
    says '^replay: event 4: ActivityScheduled charge +gdb/shop.cc:[0-9]+$'
    says 'received signal SIGTRAP'
    says '^#[0-9]+ .*shop::.*pay \(.*reserved='  # gdb has selected it
    says '^fee = 7$'
    says '^#1 order-1  order  running, replayed$'
    says_times 2 'strand 1 runs now$'
    says '^           fee = 7$'
    says '^    #[0-9]+ +shop::run_order .* at .*gdb/shop.cc:[0-9]+$'
    says '^replayed: run order-1 .* all 8 events match$'
    says 'exited normally'
    ;;
  input)  # an input stops the strand that it wakes, where it has waited
    gdb_batch -ex "reprise event 3" -ex "info locals" -ex "reprise event 7" \
      -ex "reprise strand 2" -ex "up 0" -ex "reprise strand 0" -ex "reprise event 1" \
      -ex "reprise strand 9" -ex "reprise strand" --args \
      "$debuggee" replay --history "$work/order.bin"
    says '^replay: event 3: ActivityCompleted #1$'
    says '^#[0-9]+ .*shop::run_order '
    says '^reserved = '
    says '^replay: event 7: SignalReceived packed$'
    says '^#[0-9]+ .*operator\(\)|^#[0-9]+ .*lambda'  # strand 2, in the spawned function
    says '^replay: event 1: RunStarted order$'
    says "no function of the workflow's is on the stack here"  # it is about to be called
    says 'the run has 1 strands'
    says 'usage: reprise strand N'
    ;;
  moves)  # event, next, back, history
    gdb_batch -ex "reprise event 5" -ex "reprise history 1" -ex "reprise back" -ex "reprise next" \
      -ex "reprise next" -ex "reprise event 2" -ex "reprise history" -ex "reprise event 8" \
      -ex "reprise next" -ex "reprise back" -ex "reprise event 1" -ex "reprise back" \
      -ex "reprise event 9" -ex "reprise event x" -ex "reprise event 0" -ex "reprise history x" \
      -ex continue --args "$debuggee" replay --history "$work/order.bin"
    grep '^replay: ' "$work/out" | sed 's/  .*//' >"$work/stops"
    diff "$work/stops" - <<'END' || fail "these are not the stops (<: what they were)"
replay: event 5: TimerStarted 24h
replay: event 4: ActivityScheduled charge
replay: event 5: TimerStarted 24h
replay: event 6: ActivityCompleted #2
replay: event 2: ActivityScheduled reserve
replay: event 8: RunCompleted
replay: the end: all events match
replay: event 8: RunCompleted
replay: event 1: RunStarted order
END
    says_times 1 '^=>     5 TimerStarted 24h +gdb/shop.cc:[0-9]+$'
    says_times 1 '^=>     2 ActivityScheduled reserve +gdb/shop.cc:[0-9]+$'
    says_times 1 '^       8 RunCompleted$'   # `history 1` did not show it
    says 'this is the first event'
    says 'the history has 8 events'
    says_times 2 'usage: reprise event N'
    says 'usage: reprise history'
    says 'exited normally'
    ;;
  mismatch)  # stops in the line that differs, without being asked
    REPRISE_TEST_CHANGED=1 gdb_batch -ex run -ex "info locals" -ex "reprise back" \
      -ex "reprise next" -ex continue -ex continue --args \
      "$debuggee" replay --history "$work/order.bin"
    says '^RP2001 nondeterminism'
    says '^#[0-9]+ .*shop::run_changed '
    says '^surprise = 5$'
    says_times 2 '^replay: the replay cannot go on$'  # back from it and there again
    says 'exited with code 01'
    ;;
  thrown)  # in the line whose exception has parked the run: no turn records it, its input is there
    "$debuggee" record-parked "$work/parked.bin"
    gdb_batch -ex run -ex "info locals" -ex up -ex "info locals" -ex "reprise bt full" \
      -ex "reprise history 1" -ex "reprise back" -ex "reprise event 4" -ex continue \
      -ex "info locals" -ex continue --args \
      "$debuggee" replay --history "$work/parked.bin"
    says_times 2 "^replay: here an exception leaves the workflow's code: std::out_of_range: map::at$"
    says_times 2 '^#[0-9]+ .*shop::.*price_of \(.*parcels=.*gdb/shop.cc:[0-9]+$'
    says_times 2 '^[0-9]+[[:space:]]+return prices.at\(shelf\) \+ shelf;$'
    says_times 2 '^shelf = 42$'
    says '^#[0-9]+ .*shop::run_careless '
    says_times 1 '^parcels = 2$'
    says '^careless-1  careless  running$'
    says '^           shelf = 42$'
    says '^=>     4 SignalReceived packed$'
    says_times 1 '^replay: event 3: ActivityCompleted #1$'
    says_times 1 '^replay: event 4: SignalReceived packed$'
    says '^RP2002 an exception that is no reprise::Failure left'
    says '^  thrown at +gdb/shop.cc:[0-9]+$'
    says 'exited with code 01'
    ;;
  checkpoint)  # the replay begins there, and what is before is in sight
    "$debuggee" record-stock "$work/stock.bin"
    gdb_batch -ex "reprise event 7" -ex "reprise bt" -ex "reprise history" -ex "reprise event 4" \
      -ex "reprise event 5" -ex "reprise back" -ex continue -ex continue --args \
      "$debuggee" replay --history "$work/stock.bin"
    says_times 1 '^replay: event 7: TransactionCompleted #2, rows changed: 1$'
    says_times 1 '^    #[0-9]+ +shop::run_stock \(.*round=2\) at .*gdb/shop.cc:[0-9]+$'
    says_times 1 '^       4 Checkpoint +gdb/shop.cc:[0-9]+$'
    says_times 1 '^=>     7 TransactionCompleted #2, rows changed: 1$'
    says_times 1 'the replay begins with event 5, at the last checkpoint'
    says_times 1 '^replay: event 5: CheckpointTaken$'
    says_times 1 'this is the first event'
    says '^replayed: run stock-1 .* all 4 events since the checkpoint at event 5 match$'
    says 'exited normally'
    gdb_batch -ex "reprise event 4" -ex "reprise event 6" --args \
      "$debuggee" replay --history "$work/stock.bin"
    says_times 1 'the replay begins with event 5, at the last checkpoint'
    says_times 1 '^replay: event 6: TransactionRequested store goods'
    gdb_batch -ex "reprise event 3" -ex "reprise bt" -ex "reprise event 6" -ex continue --args \
      "$debuggee" replay --whole --history "$work/stock.bin"
    says '^replay: event 3: TransactionCompleted #1, rows changed: 1$'
    says '^    #[0-9]+ +shop::run_stock \(.*round=1\) at .*gdb/shop.cc:[0-9]+$'
    says '^replay: event 6: TransactionRequested store goods +gdb/shop.cc:[0-9]+$'
    says '^replayed: run stock-1 .* all 8 events match$'
    ;;
  core)  # of a replay
    allow_core
    gdb_batch -ex run -ex "signal SIGABRT" --args \
      "$debuggee" replay --history "$work/order.bin" --break 5
    find_core
    gdb_batch "$debuggee" "$core" -ex "reprise runs" -ex "reprise bt full" \
      -ex "reprise history" -ex "reprise next" -ex "reprise back" -ex "reprise event 2"
    says '^#1 order-1  order  running, replayed$'
    says_times 2 'strand 1 waits for activity charge$'
    says_times 2 'strand 2 runs now$'
    says '^           fee = 7$'
    says '^    #[0-9]+ +operator\(\) .* at .*gdb/shop.cc:[0-9]+$'
    says '^=>     5 TimerStarted 24h'
    says_times 3 'a core file does not go on'
    ;;
  attached)  # to a worker
    serve
    gdb_batch -p "$worker" "${look[@]}"
    ! grep -q "ptrace: Operation not permitted" "$work/out" || skip "this machine forbids attaching"
    says_what_waits
    says_times 2 'no replay is under way here'
    ;;
  worker_core)
    allow_core
    serve
    kill -ABRT "$worker"
    wait "$worker" || true
    find_core
    gdb_batch "$debuggee" "$core" "${look[@]}"
    says_what_waits
    says_times 2 'no replay is under way here'
    ;;
  no_symbols)  # it says so instead of guessing
    strip --strip-debug -o "$work/stripped" "$debuggee"
    gdb_batch -ex "source $script" -ex run -ex "reprise runs" -ex "reprise bt" -ex "reprise next" \
      -ex "reprise history" --args "$work/stripped" replay --history "$work/order.bin" --break 4
    says_times 4 'no debug information of the Reprise library'
    never_says 'Python Exception'
    ;;
  speed)  # from `run` to the stop in a history of 10,000 events
    "$debuggee" record-many "$work/many.bin" 4999
    gdb_batch -ex "python import time; start = time.monotonic()" -ex run \
      -ex "python print('stopped after %.2f s' % (time.monotonic() - start))" -ex "reprise history 1" \
      --args "$debuggee" replay --history "$work/many.bin" --break 9998
    says '^=>  9998 '
    grep '^stopped after' "$work/out"
    ;;
  *) fail "there is no case $case" ;;
esac
never_says 'Python Exception|Error while executing Python'
echo "ok: $case"
