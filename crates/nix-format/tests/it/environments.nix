# Derivations that tell what their builders see. `@cp@`, `@mkdir@` and `@dump@` are put in.
let
  placeholder = builtins.placeholder;
  tell = it:
    derivation ({
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [
        "-ec"
        ''
          @mkdir@ "$0"
          @cp@ /proc/$$/environ "$0/env"
          for _each_ in .attr*; do
            if [ -f "$_each_" ]; then @cp@ "$_each_" "$0"; fi
          done
          printf '%s\0' "$0" "$@" > "$0/args"
          for _each_ in "$@"; do printf '\n' > "$_each_"; done
        ''
        "@dump@/${it.name}"
      ] ++ map placeholder (it.outputs or [ "out" ]);
    } // it);
  rich = {
    whole = 1;
    below = -3;
    wide = [ 2147483647 2147483648 12345678901 9223372036854775807 (-9223372036854775807) ];
    half = 1.5;
    wholes = [ 2.0 1000000.0 1.0e10 1.0e20 1.0e300 (-7.0) (0.0 * (-1.0)) ];
    tiny = [ 0.000001 1.0e-300 ];
    halves = [ 0.1 0.0001 0.00001 123456.5 1.0e-5 3.14159 1234.5 ];
    nothing = null;
    yes = true;
    no = false;
    text = "it's \"q\" \\ \n\r\t $x `y` é";
    odd = builtins.fromJSON ''"\b\f\u0001\u001f\u007f\u2028\/"'';
    mixed = [ 1 "a b" null true ];
    nested = [ 1 [ 2 ] ];
    empty = [ ];
    set = { "a b" = "it's"; z = 1; a = null; };
    deep.a.b = { set = [ { } ]; };
    none = { };
    "not-a-name" = 1;
    "2nd" = 2;
    "é" = 3;
    _ok = "z";
    HOME = "h";
    out = "mine";
    itself = placeholder "out";
    passAsFile = [ "text" ];
    impureEnvVars = [ "NOBODY_SETS_THIS" ];
  };
  floating = { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
  # Of a line feed, which is what the script above puts into outputs.
  fixed = { outputHash = "sha256-AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs="; };
in
rec {
  plain = tell { name = "plain"; empty = ""; lines = "a\nb\tc\\\"\n"; };
  own = tell {
    name = "own";
    PATH = "/bin"; HOME = "/home"; TMP = "/tmp"; TERM = "dumb"; NIX_LOG_FD = "3"; NIX_STORE = "/store";
    NIX_BUILD_TOP = "/top"; PWD = "/pwd"; NIX_BUILD_CORES = "many"; NIX_OUTPUT_CHECKED = "no";
    impureEnvVars = "NOBODY_SETS_THIS";
  };
  files = tell {
    name = "files";
    passAsFile = "big  HOME\n\tmissing itself";
    big = "large\n\"x\"";
    HOME = "/home";
    itself = "in ${placeholder "out"} and ${placeholder "dev"}";
  };
  several = tell {
    name = "several";
    outputs = [ "out" "dev" ];
    both = "${placeholder "dev"}${placeholder "out"}";
    ${placeholder "dev"} = "a name";
    inherit plain;
  };
  once = tell (fixed // { name = "once"; impureEnvVars = "NOBODY_SETS_THIS HOME TERM"; HOME = "/h"; });
  anew = tell {
    name = "anew";
    __impure = true;
    impureEnvVars = "HOME";
    itself = placeholder "out";
  };
  attributes = tell (rich // { name = "attributes"; __structuredAttrs = true; outputs = [ "out" "dev" ]; });
  fixedAttributes = tell (rich // fixed // { name = "fixedAttributes"; __structuredAttrs = true; });
  afloat = tell (floating // {
    name = "afloat";
    outputs = [ "out" "dev" ];
    where = "${placeholder "out"}/x";
    passAsFile = "big";
    big = placeholder "dev";
  });
  floatingAttributes = tell (rich // floating // { name = "floatingAttributes"; __structuredAttrs = true; });
  later = tell { name = "later"; outputs = [ "out" "doc" ]; needs = "${afloat.dev} ${afloat} ${plain}"; };
  laterFloating = tell (floating // { name = "laterFloating"; needs = "${later} ${afloat}"; });
}
