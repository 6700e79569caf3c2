#!/bin/bash
# Installs the Debian or Ubuntu packages that are needed to build Reprise and are missing. Says
# nothing and needs no rights when nothing is missing.
set -euo pipefail

readonly packages=(
  cmake ninja-build g++ pkg-config git ca-certificates
  libboost-context-dev libprotobuf-dev protobuf-compiler liblmdb-dev libxxhash-dev libspdlog-dev
  libdw-dev libssl-dev libzstd-dev nlohmann-json3-dev libcli11-dev libsqlite3-dev
  libhowardhinnant-date-dev tzdata
  libgtest-dev libgmock-dev libbenchmark-dev
  gdb mold
  prometheus-cpp-dev
)

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run as root to install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

echo "setup: installing ${missing[*]}"
# The package lists of a fresh machine or image are empty or too old.
apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
}
