#!/bin/bash
# precompile.sh COMPILER REPOSITORY PRECOMPILED: fills the folder PRECOMPILED for check_misuse.sh.
set -euo pipefail
readonly compiler=$1 repository=$2 precompiled=$3
. "$repository/tests/compile_fail/precompiled.sh"

rm -rf "$precompiled"
mkdir -p "$precompiled"
# It is not the main file of what uses it, so the warning about its `#pragma once` is of no use.
compile_with -w -x c++-header "$repository/tests/compile_fail/shop.h" -o "$compiled_header"
