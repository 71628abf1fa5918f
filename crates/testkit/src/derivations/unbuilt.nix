# What a `.drv` may hold although no machine can build it, and what would take long to build.
{
  build,
  repeat,
  ...
}:
let
  impure = build "impure" "date > $out; date > $dev" {
    __impure = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputs = [
      "out"
      "dev"
    ];
  };
in
{
  # Nix writes this field without any escapes, and cannot read one that would need them.
  unbuilt-system = derivation {
    name = "system";
    system = "a\nsystem\té,()[]";
    builder = "/none";
  };
  unbuilt-blank = derivation {
    name = "blank";
    system = " ";
    builder = "\n";
  };
  unbuilt-builder = derivation {
    name = "builder";
    system = "none";
    builder = "a \"quoted\\\"\nbuilder\té";
    args = [ "" ];
  };
  # An output hash of nothing but zeros stands for one that is not known yet.
  unbuilt-no-hash = derivation {
    name = "no-hash";
    system = "none";
    builder = "/none";
    outputHash = "";
    outputHashAlgo = "sha256";
  };
  # Built anew each time, and what needs such.
  unbuilt-impure = impure;
  unbuilt-on-impure = build "on-impure" "echo $dev > $out" { inherit (impure) dev; };
  unbuilt-chain =
    builtins.foldl'
      (
        before: i:
        build "far-${toString i}" "exit 1" { inherit before; }
      )
      (build "far-end" "exit 1" { })
      (builtins.genList (it: it) 400);
  unbuilt-large = derivation {
    name = "large";
    system = "none";
    builder = "/none";
    args = builtins.genList toString 5000;
    large = repeat 100000 "0123456789";
  };
}
