# For the scripts here, which set compiler, repository and precompiled: the header that all misuses
# include is compiled once for each compiler.
readonly header=$precompiled/shop.h  # only what is compiled of it
if [[ $("$compiler" --version) == *clang* ]]; then
  readonly compiled_header=$header.pch
  use_precompiled=(-include-pch "$compiled_header")
else
  readonly compiled_header=$header.gch
  use_precompiled=(-include "$header" -Winvalid-pch)
fi

compile_with() {
  "$compiler" -std=c++20 -Wall -Wextra -Werror -I"$repository/sdk/include" "$@"
}
