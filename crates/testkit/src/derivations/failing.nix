# Builds that fail, each in its own way.
{
  build,
  leaf,
  structured,
  ...
}:
let
  # SHA-256 of "hello\n".
  hash = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
in
{
  failing-exit = build "exit" "exit 3" { };
  failing-signal = build "signal" "kill -9 $$" { };
  failing-no-output = build "no-output" "true" { };
  failing-hash = build "hash" "echo other > $out" { outputHash = hash; };
  failing-fixed-folder = build "fixed-folder" "mkdir $out" { outputHash = hash; };
  failing-fixed-reference = build "fixed-reference" "echo $leaf > $out" {
    inherit leaf;
    outputHashMode = "recursive";
    outputHash = "sha256-0000000000000000000000000000000000000000000=";
  };
  failing-disallowed = build "disallowed" "echo $leaf > $out" {
    inherit leaf;
    disallowedReferences = [ leaf ];
  };
  failing-allowed = build "allowed" "echo $leaf > $out" {
    inherit leaf;
    allowedReferences = [ "out" ];
  };
  failing-cycle = build "cycle" "echo $dev > $out; echo $out > $dev" {
    outputs = [
      "out"
      "dev"
    ];
  };
  failing-flat-folder = build "flat-folder" "mkdir $out" {
    __contentAddressed = true;
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
  };
  failing-size = structured "size" { outputChecks.out.maxSize = 1; };
  failing-builder = derivation {
    name = "builder";
    system = builtins.currentSystem;
    builder = "/there/is/none";
  };
  failing-dependency = build "dependency" "echo $input > $out" {
    input = build "exit" "exit 3" { };
  };
}
