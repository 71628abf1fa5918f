# The derivations of this folder: `nix-instantiate --store ROOT` with Nix 2.8 writes them.
let
  make = it: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; } // it);
  source = builtins.toFile "source.txt" "hello\n";
  fixed = make {
    name = "fixed";
    outputHashMode = "recursive";
    outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  };
  flat = make {
    name = "flat-1.0.tar.gz";
    outputHashAlgo = "sha1";
    outputHash = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    inherit fixed;
  };
  several = make {
    name = "several";
    outputs = [ "out" "dev" "a.b" ];
    args = [ "-c" "echo \"$PATH\"\n\ttrue \\\\ \r" "" ];
    inherit source flat;
    escapes = builtins.fromJSON ''"\"\\\n\r\t\b\u0001\u007f é $"'';
  };
  floating = make {
    name = "floating";
    __contentAddressed = true;
    outputs = [ "out" "lib" ];
    outputHashAlgo = "sha512";
    inherit several;
  };
  deferred = make {
    name = "deferred";
    outputs = [ "out" "doc" ];
    inputs = [ floating.lib floating.out several.dev ];
  };
  impure = make { name = "impure"; __impure = true; inherit fixed; };
  structured = make {
    name = "structured";
    __structuredAttrs = true;
    outputs = [ "out" "bin" ];
    list = [ 1 "two" null true ];
    set.of = { deferred = several; };
  };
  alone = make {
    name = "alone";
    __contentAddressed = true;
    outputs = [ "out" "dev" ];
    args = [ "-c" "echo hello > $out; echo dev > $dev" ];
  };
in
[ alone fixed flat several floating deferred impure structured ]
