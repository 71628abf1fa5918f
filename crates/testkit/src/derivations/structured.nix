# Structured attributes: as JSON and as bash has them.
{
  structured,
  build,
  leaf,
  ...
}:
{
  structured-plain = structured "structured-plain" { };
  structured-kinds = structured "structured-kinds" {
    text = "text";
    empty = "";
    integer = 42;
    negative = -7;
    largest = 9223372036854775807;
    smallest = -9223372036854775807 - 1;
    beyond32 = 4294967296;
    yes = true;
    no = false;
    nothing = null;
    nested = {
      a.b.c = [
        { d = "e"; }
        [ [ ] ]
      ];
      "" = { };
    };
  };
  structured-floats = structured "structured-floats" {
    half = 1.5;
    tenth = 0.1;
    third = 1.0 / 3;
    whole = 3.0;
    large = 1.0e100;
    larger = 123456789.125;
    small = 1.0e-7;
    negative = -2.25;
    zero = 0.0;
    list = [
      0.5
      2.0
      1
    ];
  };
  structured-texts = structured "structured-texts" {
    apostrophe = "it's ''quoted''";
    mixed = "a\"b\\c\nd\re\tf/";
    dollar = "$out \${out} $(out) \`out\`";
    unicode = "é ☃ 𝄞";
    control = builtins.fromJSON ''"\u0001\u001b\u007f\u0008\u000c\u2028"'';
    list = [
      "it's"
      "a b"
      ""
      "\n"
      "é"
    ];
  };
  structured-names = structured "structured-names" {
    "a-b" = "no identifier";
    "1st" = "no identifier";
    "a.b" = "no identifier";
    "a b" = "no identifier";
    "" = "no identifier";
    "é" = "no identifier";
    "a$b" = "no identifier";
    "it's" = "no identifier";
    _ = "an identifier";
    _a1 = "an identifier";
    A = "before a";
    sets = {
      "a-b" = "a key may be anything";
      "it's" = "so it may";
      "é" = 1;
    };
  };
  structured-lists = structured "structured-lists" {
    empty = [ ];
    texts = [
      "a"
      "b c"
    ];
    mixed = [
      "a"
      1
      true
      false
      null
    ];
    # Bash has none of these.
    lists = [
      [ "a" ]
      [ ]
    ];
    sets = [ { a = 1; } ];
    set = { };
    flat = {
      a = "1";
      b = 2;
      c = true;
      d = null;
    };
    deep.a.b = 1;
    partly = {
      a = "1";
      b = [ ];
    };
  };
  structured-outputs = structured "structured-outputs" {
    outputs = [
      "dev"
      "out"
      "a-b"
    ];
    own = builtins.placeholder "out";
    all = map builtins.placeholder [
      "dev"
      "out"
    ];
  };
  structured-inputs = structured "structured-inputs" {
    inherit leaf;
    inputs = [
      leaf
      (builtins.toFile "source" "source\n")
    ];
    bySet.leaf = "${leaf}/bin";
    drv = builtins.unsafeDiscardOutputDependency leaf.drvPath;
  };
  structured-graph = structured "structured-graph" {
    exportReferencesGraph.closure = [
      leaf
      (build "on-leaf" "echo $leaf > $out" { inherit leaf; })
    ];
    exportReferencesGraph.one = [ leaf ];
    exportReferencesGraph.text = builtins.toFile "text" "the text\n";
  };
  structured-checks = structured "structured-checks" {
    outputs = [
      "out"
      "lib"
    ];
    outputChecks.out.maxSize = 10000000;
    outputChecks.lib.allowedReferences = [ "out" ];
  };
  # Has no meaning here.
  structured-as-files = structured "structured-as-files" {
    text = "stays";
    passAsFile = [ "text" ];
  };
  structured-fixed =
    derivation {
      name = "structured-fixed";
      system = builtins.currentSystem;
      builder = "/bin/bash";
      args = [
        "-ec"
        "source .attrs.sh; echo hello > \${outputs[out]}"
      ];
      __structuredAttrs = true;
      outputHashMode = "flat";
      outputHash = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
    };
  structured-floating = structured "structured-floating" {
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    own = builtins.placeholder "out";
  };
}
