#!/bin/bash
# Runs one workflow on Reprise and on the engines it is compared with. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/bench_peers.sh [--seconds N] [--rounds N] [--json FILE] [--dir DIRECTORY]
                              [--only ENGINE]

Runs the workflow "three durable steps in sequence, then return" on Restate, on DBOS Transact with
PostgreSQL, on fusee and on Reprise, one after the other on this machine, each through its normal
client and with the durability it has by default. Prints workflows per second at several numbers
of workflows in flight, the median latency at one in flight, and the ratios.

  --seconds N        how long each measurement takes, after a warm-up (default: 5)
  --rounds N         measurements for each figure, which is their median (default: 3)
  --json FILE        also writes [{"name", "value", "unit"}, ...] there
  --dir DIRECTORY    where everything is installed and every store is made: the disk that is
                     measured (default: $TMPDIR, or /tmp); about 2 GiB, removed at the end
  --only ENGINE      restate, dbos, fusee or reprise

Needs node 20 or later and npm; wrk for Restate and postgresql for DBOS, both from apt; cargo for
fusee. An engine whose tools are missing is skipped, with a message. bench/peers/README.md says how
each engine is run and what was checked.
END
}

misused() { echo "bench_peers: $1" >&2; usage >&2; exit 2; }

readonly engines=(restate dbos fusee reprise)
readonly restate_counts=(1 32 128 256)
readonly dbos_counts=(1 16 32 64)
readonly fusee_counts=(1 128 1000 10000)
readonly reprise_counts=(1 128 1000 10000)

seconds=5
rounds=3
json=
directory=${TMPDIR:-/tmp}
only=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift ;;
    --json) json=$(realpath -m "${2:?--json needs a file}"); shift ;;
    --dir) directory=$(realpath "${2:?--dir needs a directory}"); shift ;;
    --only) only=${2:?--only needs an engine}; shift ;;
    --help) usage; exit 0 ;;
    *) misused "unknown argument $1" ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || misused "--seconds needs a whole number"
[[ $rounds =~ ^[1-9]$ ]] || misused "--rounds needs a number from 1 to 9"
[ -d "$directory" ] || misused "--dir needs a directory that exists"
[[ -z $only || " ${engines[*]} " == *" $only "* ]] || misused "--only needs one of ${engines[*]}"

# --- Processes, and how they end -----------------------------------------------------------------

scratch=
declare -A started  # process id -> the signal that ends it

say() { echo "bench_peers: $*" >&2; }
die() { say "$*"; exit 1; }

# die_with LOG MESSAGE: also shows how the log ends.
die_with() {
  say "$2; its log ends:"
  tail -n 20 "$1" >&2
  exit 1
}

any_alive() {
  local process
  for process in "${!started[@]}"; do
    kill -0 "$process" 2>/dev/null && return 0
  done
  return 1
}

# Asks all running processes to end, and after five seconds kills them.
stop_all() {
  local process i
  for process in "${!started[@]}"; do kill -"${started[$process]}" "$process" 2>/dev/null || true; done
  for ((i = 0; i < 50; ++i)); do any_alive || break; sleep 0.1; done
  # A process group of its own is what `timeout` makes.
  for process in "${!started[@]}"; do kill -KILL "$process" "-$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  started=()
}

clean_up() {
  stop_all
  [ -z "$scratch" ] || rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# serve SIGNAL LOG COMMAND...: starts a server; the signal ends it.
serve() {
  local signal=$1 log=$2
  shift 2
  "$@" >"$log" 2>&1 &
  started[$!]=$signal
}

# await NAME LOG COMMAND...: until the command succeeds, and the servers are still there.
await() {
  local name=$1 log=$2 i process
  shift 2
  for ((i = 0; i < 300; ++i)); do
    "$@" >/dev/null 2>&1 && return
    for process in "${!started[@]}"; do
      kill -0 "$process" 2>/dev/null || die_with "$log" "$name has ended"
    done
    sleep 0.2
  done
  die_with "$log" "$name is not ready after a minute"
}

# attend LOG SECONDS COMMAND...: runs the command to its end, or for at most this long. Bash lets a
# signal interrupt `wait`, and nothing else, so the command runs in the background.
attend() {
  local log=$1 limit=$2 process status=0
  shift 2
  timeout "$limit" "$@" >"$log" 2>"$log.errors" &
  process=$!
  started[$process]=TERM
  wait "$process" || status=$?
  unset "started[$process]"
  cat "$log.errors" >>"$log"
  return "$status"
}

# --- What they all need --------------------------------------------------------------------------

# The first of the commands that is missing.
missing() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || { echo "$command is not there"; return; }
  done
}

# skip ENGINE REASON
skip() {
  [ -z "$only" ] || die "$1: $2"
  skipped+=("$1: $2")
  say "skipping $1: $2"
}

# Copies bench/peers/$1 to the scratch directory and installs its packages there.
npm_install() {
  cp -r "bench/peers/$1" "$scratch/$1"
  say "$1: installing its packages"
  attend "$scratch/$1/npm.log" 600 env -C "$scratch/$1" \
    npm install --no-package-lock --no-audit --no-fund --ignore-scripts ||
    die_with "$scratch/$1/npm.log" "npm could not install $1"
}

# free_ports COUNT: ports that nothing listens on, all different.
free_ports() {
  node -e '
    const { createServer } = require("node:net");
    const servers = Array.from({ length: Number(process.argv[1]) }, () => createServer());
    Promise.all(servers.map((s) => new Promise((up) => s.listen(0, "127.0.0.1", up)))).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "));
      servers.forEach((s) => s.close());
    });' "$1"
}

# How busy the machine is, in per cent, while nothing of ours runs.
busy() {
  { head -n 1 /proc/stat; sleep 1; head -n 1 /proc/stat; } | awk '
    { total = 0; for (i = 2; i <= 9; ++i) total += $i; idle = $5 + $6 }
    NR == 1 { total0 = total; idle0 = idle }
    END { printf "%d", 100 * (1 - (idle - idle0) / (total - total0)) }'
}

# note ENGINE IN-FLIGHT WORKFLOWS/S [LATENCY-IN-MICROSECONDS]
note() {
  echo "$*" >>"$scratch/measurements"
  say "$1, $2 in flight: ${3%.*} workflows/s"
}

# measure ENGINE IN-FLIGHT COMMAND...: the last line of the command's output that is two numbers is
# "RATE P50".
measure() {
  local engine=$1 count=$2 log=$scratch/$1-$2.log round rate p50
  shift 2
  for ((round = 0; round < rounds; ++round)); do
    attend "$log" $((seconds + 120)) "$@" ||
      die_with "$log" "the load of $engine with $count in flight failed"
    read -r rate p50 < <(grep -E '^[0-9.]+ [0-9]+$' "$log" | tail -n 1) ||
      die_with "$log" "the load of $engine with $count in flight gave no figure"
    note "$engine" "$count" "$rate" "$p50"
  done
}

# --- Restate -------------------------------------------------------------------------------------

restate_run() {
  local lacks place server service_port ingress admin fabric url load count
  lacks=$(missing node npm curl wrk)
  [ -z "$lacks" ] || { skip restate "$lacks (apt-get install nodejs npm curl wrk)"; return; }
  npm_install restate
  place=$scratch/restate
  server=$(find "$place/node_modules/@restatedev" -path '*/bin/restate-server' | head -n 1)
  [ -n "$server" ] || die_with "$place/npm.log" "npm has no Restate server for this machine"

  read -r service_port ingress admin fabric < <(free_ports 4)
  # As in production: the SDK otherwise writes two lines for each workflow.
  serve TERM "$place/service.log" env NODE_ENV=production RESTATE_LOGGING=ERROR \
    node "$place/service.js" "$service_port"
  serve TERM "$place/server.log" env DO_NOT_TRACK=1 RESTATE_DISABLE_TELEMETRY=true \
    RESTATE_INGRESS__BIND_PORT="$ingress" RESTATE_ADMIN__BIND_PORT="$admin" \
    "$server" --no-logo --node-name bench --base-dir "$place/data" \
    --listen-mode tcp --bind-ip 127.0.0.1 --bind-port "$fabric"
  await "the Restate server" "$place/server.log" curl -fs "http://127.0.0.1:$admin/health"
  await "the Restate service" "$place/service.log" \
    curl -fs -H 'content-type: application/json' -d "{\"uri\": \"http://127.0.0.1:$service_port\"}" \
    "http://127.0.0.1:$admin/deployments"
  url=http://127.0.0.1:$ingress/three_steps/run
  await "the Restate ingress" "$place/server.log" \
    curl -fs -H 'content-type: application/json' -d 39 "$url"

  load=(wrk --timeout 30s --threads 1 --script "$place/load.lua" "$url")
  for count in "${restate_counts[@]}"; do
    attend "$place/warm-up.log" 60 "${load[@]}" --connections "$count" --duration 3s ||
      die_with "$place/warm-up.log" "the warm-up of Restate failed"
    measure restate "$count" "${load[@]}" --connections "$count" --duration "${seconds}s"
  done
  stop_all
}

# --- DBOS Transact -------------------------------------------------------------------------------

# Where PostgreSQL's programs are: Debian keeps them out of the path.
postgresql_programs() {
  local place
  place=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$place" ] || place=$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")
  echo "$place"
}

dbos_run() {
  local lacks programs cluster count user=() url
  programs=$(postgresql_programs)
  lacks=$(missing node npm "$programs/initdb")
  [ -z "$lacks" ] || { skip dbos "$lacks (apt-get install nodejs npm postgresql)"; return; }
  npm_install dbos

  # PostgreSQL refuses to run as root. It listens on a Unix-domain socket only: no port to choose.
  cluster=$scratch/cluster
  mkdir -p "$cluster"
  if [ "$(id -u)" -eq 0 ]; then
    local name=postgres
    id "$name" >/dev/null 2>&1 || name=nobody
    chown "$name" "$cluster"
    user=(setpriv --reuid "$name" --regid "$(id -g "$name")" --clear-groups)
    "${user[@]}" test -w "$cluster" || die "dbos: the user $name cannot reach $cluster"
  fi
  attend "$scratch/initdb.log" 120 env -C "$cluster" "${user[@]}" \
    "$programs/initdb" -D "$cluster/data" -U bench --auth=trust ||
    die_with "$scratch/initdb.log" "initdb failed"
  serve QUIT "$scratch/postgres.log" env -C "$cluster" "${user[@]}" \
    "$programs/postgres" -D "$cluster/data" -c listen_addresses= -c unix_socket_directories="$cluster"
  await PostgreSQL "$scratch/postgres.log" "$programs/pg_isready" -h "$cluster"
  durable=$("$programs/psql" -h "$cluster" -U bench -d postgres -Atc \
    "select string_agg(name || '=' || setting, ' ') from pg_settings
     where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method')")
  postgresql_version=$("$programs/postgres" --version | awk '{ print $3 }')

  url="postgresql://bench@localhost/dbos?host=$cluster"
  for count in "${dbos_counts[@]}"; do
    measure dbos "$count" node "$scratch/dbos/load.js" "$url" "$count" "$seconds"
  done
  stop_all
}

# --- fusee ---------------------------------------------------------------------------------------

fusee_run() {
  local lacks count log=$scratch/fusee/cargo.log
  lacks=$(missing cargo cc)
  [ -z "$lacks" ] || { skip fusee "$lacks"; return; }
  cp -r bench/peers/fusee "$scratch/fusee"
  say "fusee: building"
  attend "$log" 1200 env -C "$scratch/fusee" CARGO_TARGET_DIR="$scratch/fusee/target" \
    nice cargo build --release || {
    tail -n 5 "$log" >&2
    skip fusee "cargo could not build it"
    return
  }
  for count in "${fusee_counts[@]}"; do
    # Every process starts with a store of its own, as ours does.
    # shellcheck disable=SC2016  # the inner shell expands it
    measure fusee "$count" sh -c 'exec "$0" "$(mktemp -d "$1/store-XXXXXX")" "$2" "$3"' \
      "$scratch/fusee/target/release/three_steps_on_fusee" "$scratch/fusee" "$count" "$seconds"
  done
}

# --- Reprise -------------------------------------------------------------------------------------

# reprise_load IN-FLIGHT: sets `rate` to its workflows per second.
reprise_load() {
  local out=$scratch/reprise-$1.json log=$scratch/reprise-$1.log
  attend "$log" $((seconds * 10 + 120)) env REPRISE_BENCH_DIR="$scratch" \
    build/release/bench/engine_bench --filter "^three_steps/$1\$" --seconds "$seconds" --json "$out" ||
    die_with "$log" "engine_bench failed"
  read -r rate p50 < <(figures_of "three_steps/$1" "$out")
}

# figures_of LOAD FILE: what engine_bench wrote there of a load, its rate and the median of its
# latency in microseconds ("" if it has none).
figures_of() {
  python3 - "$@" <<'END'
import json, sys
load, path = sys.argv[1:]
values = {figure["name"]: figure["value"] for figure in json.load(open(path))}
print(values.get(load, ""), values.get(load + "/p50", ""))
END
}

reprise_run() {
  local count round rate p50
  say "reprise: building"
  scripts/setup.sh
  attend "$scratch/cmake.log" 600 cmake --preset release || die_with "$scratch/cmake.log" "cmake failed"
  attend "$scratch/build.log" 3600 nice cmake --build --preset release --target engine_bench ||
    die_with "$scratch/build.log" "the build failed"
  for count in "${reprise_counts[@]}"; do
    for ((round = 0; round < rounds; ++round)); do
      reprise_load "$count"
      [ -n "$rate" ] || die "engine_bench gave no figure for three_steps/$count"
      note reprise "$count" "$rate" "$p50"
    done
  done
}

# --- The report ----------------------------------------------------------------------------------

# pinned FILE PACKAGE: the version that the file asks for.
pinned() { sed -nE "s|.*$2\"?[: =]+\"=?([0-9.]+)\".*|\1|p" "$1"; }

name_of() {
  local peers=bench/peers
  case $1 in
    restate) echo "Restate $(pinned $peers/restate/package.json server-linux-x64), TypeScript SDK $(pinned $peers/restate/package.json restate-sdk)" ;;
    dbos) echo "DBOS Transact $(pinned $peers/dbos/package.json dbos-sdk), PostgreSQL ${postgresql_version:-}" ;;
    fusee) echo "fusee $(pinned $peers/fusee/Cargo.toml fusee)" ;;
    reprise) echo "Reprise $(git describe --always --dirty 2>/dev/null || true)" ;;
  esac
}

# Turns the measurements into results: ENGINE IN-FLIGHT MEDIAN LOWEST HIGHEST MEDIAN-OF-P50.
summarize() {
  sort -s -k1,1 -k2,2n -k3,3g "$scratch/measurements" | awk '
    function median(list, n) { return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2 }
    # Sorted by rate, so the latencies are sorted too, nearly, in reverse.
    function flush() { if (n) print key, median(rate, n), rate[1], rate[n], median(p50, n) }
    $1 " " $2 != key { flush(); key = $1 " " $2; n = 0 }
    { rate[++n] = $3; p50[n] = $4 }
    END { flush() }' >"$scratch/unordered"
  local engine
  for engine in "${engines[@]}"; do grep "^$engine " "$scratch/unordered" || true; done >"$scratch/results"
}

has() { grep -q "^$1 " "$scratch/results"; }

print_machine() {
  local model memory
  model=$(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
  memory=$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
  echo "machine: $(nproc) cores (${model:-unknown}), $memory GiB, $(uname -sr), busy" \
    "to $(busy) % before; stores on $(stat -f -c %T "$directory") in $directory;" \
    "node $(node --version 2>/dev/null || echo 'is not there'); medians of $rounds measurements of $seconds s"
}

print_table() {
  local engine
  for engine in "${engines[@]}"; do
    if has "$engine"; then echo "  $(name_of "$engine")"; fi
  done
  [ ${#skipped[@]} -eq 0 ] || printf '  skipped: %s\n' "${skipped[@]}"
  echo
  awk '
    function latency() { return $2 != 1 ? "" : sprintf("%.2f ms", $6 / 1000) }
    BEGIN { printf "%-10s %10s %14s   %-18s %s\n", "", "in flight", "workflows/s", "lowest - highest", "median latency" }
    $1 != last { if (last != "") print ""; last = $1 }
    { printf "%-10s %10d %14.0f   %-18s %s\n", $1, $2, $3, sprintf("%.0f - %.0f", $4, $5), latency() }' "$scratch/results"
}

print_ratios() {
  awk '
    { if (!($1 in best) || $3 > best[$1]) { best[$1] = $3; at[$1] = $2 } }
    $2 == 1 { took[$1] = $6 }
    !($1 in seen) { seen[$1] = 1; order[++n] = $1 }
    END {
      if (!("reprise" in best) || n < 2) exit
      print "\nReprise at its best, against each at its best; and one workflow at a time:"
      for (i = 1; i <= n; ++i) {
        e = order[i]
        if (e == "reprise") continue
        printf "  %-8s %6.1f times the workflows/s (%d at %d in flight, %d at %d);  %4.1f times as fast at 1 in flight\n",
          e, best["reprise"] / best[e], best["reprise"], at["reprise"], best[e], at[e], took[e] / took["reprise"]
      }
    }' "$scratch/results"
}

print_differences() {
  echo
  echo "What differs, besides the engines:"
  if has restate; then cat <<'END'
  restate  A server of its own. A request crosses a socket from the client (wrk, which costs less
           than a client in Node would) to the server, and each workflow another from the server to
           the service, a Node process. All of them share this machine's cores; about a third of
           the CPU goes to the service, which is the TypeScript SDK. The server's settings are its
           defaults, which wait for fsync: 5 to 6.5 flushes for each workflow at 1 in flight.
END
  fi
  if has dbos; then cat <<END
  dbos     A library, as Reprise is: the load is in the process that runs the workflows. What
           crosses a Unix-domain socket are the statements for PostgreSQL
           ($durable):
           5 flushes for each workflow at 1 in flight. About a third of the CPU goes to Node, which
           is the TypeScript SDK. Connections: one for each workflow in flight, from 10 to 64.
END
  fi
  if has fusee; then cat <<'END'
  fusee    A library, as Reprise is, in Rust. It writes log files of its own, for which one flush
           does what LMDB does in two. A shard, with a log file, for each core.
END
  fi
  if has reprise; then cat <<'END'
  reprise  Embedded in the caller: nothing crosses a socket or a process. Each commit of LMDB is two
           flushes, and a workflow at 1 in flight has four. A shard for each core, one journal.
           Steps run on activity threads, as they do by default.
END
  fi
  echo "  The engines run one after the other. The median latency is what the client sees."
}

write_json() {
  awk '
    function entry(name, value, unit) { printf "%s\n  {\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}", n++ ? "," : "", name, value, unit }
    BEGIN { printf "[" }
    { entry($1 "/three_steps/" $2, $3, "workflows/s") }
    $2 == 1 { entry($1 "/three_steps/1/" ($1 == "reprise" ? "mean" : "p50"), $6, "us") }
    END { print "\n]" }' "$scratch/results" >"$json"
}

skipped=()
scratch=$(mktemp -d "$directory/reprise-peers-XXXXXX")
chmod 711 "$scratch"  # PostgreSQL, as another user, has to get through
touch "$scratch/measurements"
[ "$(stat -f -c %T "$directory")" != tmpfs ] ||
  say "warning: $directory is in memory; a flush costs nothing there, use --dir"
machine=$(print_machine)

for engine in "${engines[@]}"; do
  [ -z "$only" ] || [ "$only" = "$engine" ] || continue
  others=$(busy)
  [ "$others" -lt 10 ] || say "warning: something else keeps $others % of this machine busy"
  "${engine}_run"
done
[ -s "$scratch/measurements" ] || die "nothing was measured"
summarize

echo "$machine"
print_table
print_ratios
print_differences
[ -z "$json" ] || write_json
