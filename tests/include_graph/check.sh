#!/bin/bash
# Checks every #include below the given directory against the arrows between the layers:
#
#   tools, testing --> sdk --> runtime --> replay --> event --> proto, base
#                                  '-----> store  --> base
#                                  '-----> runtime/fold --> event, store's records
#
# Prints one line per include that breaks a rule and exits 1 if there is any.
set -u
cd "${1:?usage: check.sh DIRECTORY}" || exit 2

readonly seam='runtime/[^/]+\.h'  # what lies directly in runtime/
readonly public='reprise/(?!testing/).*'  # only tests may use it

# The quoted includes allowed in a file, as a pattern on the whole path.
allowed_quoted() {
  case $1 in
    sdk/include/*)    echo 'nothing: public headers say <reprise/...>' ;;
    base/*)           echo 'base/.*' ;;
    store/*)          echo '(base|store)/.*' ;;
    event/*)          echo '(base|proto|event)/.*' ;;
    replay/*)         echo '(base|proto|event|replay)/.*' ;;
    runtime/host/*)   echo "(base|proto|event|replay|runtime/(host|metrics))/.*|$seam" ;;
    runtime/metrics/*) echo '(base|event|runtime/metrics)/.*' ;;
    runtime/guard/*)  echo "(base|proto|event|replay|runtime/guard)/.*|$seam" ;;
    runtime/history/*) echo "(base|proto|event|replay|runtime/history)/.*|$seam" ;;
    runtime/fold/*)   echo '(base|proto|event|runtime/fold)/.*|store/(record|bytes)\.h|runtime/run_description\.h' ;;
    runtime/visibility/*) echo '(base|proto|event|runtime/visibility)/.*|runtime/run_description\.h' ;;
    runtime/sealing/*) echo '(base|proto|runtime/sealing)/.*' ;;
    runtime/schedule/*) echo '(base|runtime/schedule)/.*' ;;
    runtime/control/*) echo "(base|proto|event|replay|runtime/control)/.*|store/files\.h|$seam" ;;
    runtime/engine/*) echo '(base|proto|event|store|runtime)/.*' ;;
    runtime/*)        echo "(base|proto|event|replay)/.*|$seam" ;;
    sdk/src/*)        echo "(base|proto|event|store|replay|runtime|sdk/src)/.*|$public" ;;
    sdk/prometheus/*) echo "$public" ;;
    sdk/testing/*)    echo '(base|proto|event|store|replay|runtime|sdk|reprise)/.*' ;;
    tools/*)          echo "(base|proto|event|store|runtime|tools)/.*|sdk/src/(history/(payload_)?json|batch/[a-z_]+|schedule/[a-z_]+|settings)\.h|$public" ;;
  esac
}

# The angle-bracket includes forbidden in a file, as a pattern on the whole path.
forbidden_angled() {
  local -r standard='[a-z_0-9]+'
  case $1 in
    sdk/include/reprise/json.h|sdk/include/reprise/internal/json_types.h)
                                         echo "(?!($standard|$public|nlohmann/.*)$).*" ;;
    sdk/include/reprise/protobuf.h)      echo "(?!($standard|$public|google/protobuf/.*)$).*" ;;
    sdk/include/reprise/prometheus.h)    echo "(?!($standard|$public|prometheus/.*)$).*" ;;
    sdk/include/reprise/testing/gtest.h) echo "(?!($standard|reprise/.*|g(test/gtest|mock/gmock).h)$).*" ;;
    sdk/include/reprise/testing/explore_gtest.h)
                                         echo "(?!($standard|reprise/.*|gtest/gtest(-spi)?.h)$).*" ;;
    sdk/include/reprise/testing/*)       echo "(?!($standard|reprise/.*)$).*" ;;
    sdk/include/*)                       echo "(?!($standard|$public)$).*" ;;
    replay/strand.h|replay/strand.cc)    echo "$outside_world|lmdb\.h|reprise/.*" ;;
    event/*|replay/*)                    echo "$outside_world|lmdb\.h|boost/context/.*|reprise/.*" ;;
    store/*)                             echo 'boost/context/.*|reprise/.*' ;;
    sdk/*|tools/*)                       echo 'lmdb\.h|boost/context/.*' ;;
    *)                                   echo 'lmdb\.h|boost/context/.*|reprise/.*' ;;
  esac
}

# Files, sockets, threads and locks: event/ and replay/ do without.
outside_world='thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token'
outside_world+='|fstream|filesystem|fcntl\.h|pthread\.h|sys/(socket|stat|file)\.h|netinet/.*|spdlog/.*'
readonly outside_world

matches() { grep -qP "^($2)\$" <<<"$1"; }

folders=()
for folder in base event store replay runtime sdk tools; do
  [ -d "$folder" ] && folders+=("$folder")
done
[ ${#folders[@]} -gt 0 ] || { echo "no layer in $PWD"; exit 2; }

declare -A verdicts  # one per (folder, kind of file, include): the same include is met many times
bad=0
seen=0
while IFS=: read -r file line text; do
  seen=$((seen + 1))
  if [[ $text =~ \"([^\"]*)\" ]]; then
    style=quoted
  elif [[ $text =~ \<([^\>]*)\> ]]; then
    style=angled
  else
    continue
  fi
  included=${BASH_REMATCH[1]}
  pattern=$("$([ $style = quoted ] && echo allowed_quoted || echo forbidden_angled)" "$file")
  key="$style|$pattern|$included"
  if [ -z "${verdicts[$key]:-}" ]; then
    if matches "$included" "$pattern"; then match=yes; else match=no; fi
    verdicts[$key]=$match
  fi
  if { [ $style = quoted ] && [ "${verdicts[$key]}" = no ]; } ||
     { [ $style = angled ] && [ "${verdicts[$key]}" = yes ]; }; then
    echo "$file:$line: must not include $included"
    bad=$((bad + 1))
  fi
done < <(grep -rnE --include='*.h' --include='*.cc' '^[[:space:]]*#[[:space:]]*include' \
  "${folders[@]}" | sort -t: -k1,1 -k2,2n)

echo "$seen includes checked, $bad wrong"
[ "$seen" -gt 0 ] && [ "$bad" -eq 0 ]
