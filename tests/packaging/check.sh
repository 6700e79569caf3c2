#!/bin/bash
# check.sh find_package|add_subdirectory SOURCE BUILD WORK: builds and runs the consumer in the
# folder WORK, against what BUILD installs or against the sources. A consumer needs neither the test
# nor the benchmark libraries.
set -euo pipefail
readonly way=$1 source=$2 build=$3 work=$4

# Did the build have prometheus-cpp?
has_prometheus() { [ -n "$(find "$work/installed" -name reprise-prometheus-targets.cmake)" ]; }

rm -rf "$work"
mkdir -p "$work"
options=()
unneeded=(GTest benchmark SQLite3)
case $way in
  find_package)
    cmake --install "$build" --prefix "$work/staged" >"$work/install.log"
    mv "$work/staged" "$work/installed"  # a package that knows where it was staged fails below
    if grep -rlF -e "$source" -e "$build" "$work/installed/lib"*/cmake; then
      echo "the package refers to the source or build folder"
      exit 1
    fi
    options+=("-DCMAKE_PREFIX_PATH=$work/installed")
    unneeded+=(CLI11)  # the library was built with it and has it inside
    ;;
  add_subdirectory)
    options+=("-DREPRISE_SOURCE=$source")
    ;;
esac
for package in "${unneeded[@]}"; do
  options+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done

# Only checks that it builds and runs: no optimization and no debug information.
cmake -S "$source/tests/packaging/consumer" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS_DEBUG=-O0 "${options[@]}"
cmake --build "$work/build" --parallel 2
"$work/build/consumer" "$work/store"

# The matchers are a header: users with GoogleTest can use them; the library does not depend on it.
if [ "$way" = find_package ]; then
  cmake -S "$source/tests/packaging/consumer" -B "$work/build" \
    -DCMAKE_DISABLE_FIND_PACKAGE_GTest=OFF -DCONSUMER_TESTS=ON \
    -DCONSUMER_PROMETHEUS="$(has_prometheus && echo ON || echo OFF)"
  cmake --build "$work/build" --parallel 2
  "$work/build/consumer_test"
  ! has_prometheus || "$work/build/consumer_prometheus"
fi
