# Fixed outputs: each mode and each kind of hash, in every form in which Nix takes one.
{ build, named, ... }:
let
  hashes = {
    flat.md5 = {
      base16 = "b1946ac92492d2347c6235b4d2611184";
      base32 = "4425hx5d1mc9y39llj4k4nm55i";
      base64 = "sZRqySSS0jR8YjW00mERhA==";
    };
    flat.sha1 = {
      base16 = "f572d396fae9206628714fb2ce00f72e94f2258f";
      base32 = "iwjz551fyw0cxcjgf4l6c879zabd6wpm";
      base64 = "9XLTlvrpIGYocU+yzgD3LpTyJY8=";
    };
    flat.sha256 = {
      base16 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
      base32 = "00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq";
      base64 = "WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
    };
    flat.sha512 = {
      base16 = "e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931f94aae41edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629";
      base32 = "0lrc0dwnvipqviibf7qfm1y492qvjwb1zhkcyi05cndmva1mr5gjcgrnz1x36djmk0sfg8djd2n0qv68vib2jg590mwznar9jcjphp7";
      base64 = "58IrmUxZ2c8rSOVJseJGZmNgRZMNPafBrLKZ0cO3+TH5Sq5B7dosKyB6NuEPi8uNRSI+VIePWzFufOO2vAGWKQ==";
    };
    recursive.md5 = {
      base16 = "938cae5193096f26d3c52085108db970";
      base32 = "3hp66i1190qp9jcvq9jd8sx34k";
      base64 = "k4yuUZMJbybTxSCFEI25cA==";
    };
    recursive.sha1 = {
      base16 = "c7845a6276ccea67fa57cbcee95444d70e3f591b";
      base32 = "3dcky3np8iafkknbazx6gsncfri5m167";
      base64 = "x4RaYnbM6mf6V8vO6VRE1w4/WRs=";
    };
    recursive.sha256 = {
      base16 = "6c40fb6377db55e1a7911b107e08608861c330bbc89be458d6c6eaa30f8ecc41";
      base32 = "0hfciq7s7sn6srcf96y8pcqc6qc8c047w40vj6ky2mfvfxiznh3c";
      base64 = "bED7Y3fbVeGnkRsQfghgiGHDMLvIm+RY1sbqow+OzEE=";
    };
    recursive.sha512 = {
      base16 = "fdf8ca3fa2f058273bc170b7bbb483d301f0aac4a0b8f3454f22a3a9fcf8b92ff10bf424259345861a999db030c9889e550c56e24be70e19657302d6e3e50d1a";
      base32 = "0d0vrg3sq176r8r1vklpqjn1iarx26962q9v68shr2r6994yh5z2bxrz3yak8r29x2z7f50qjmg00fkhfsbpdvhq4xjfn7hl8zwmy7x";
      base64 = "/fjKP6LwWCc7wXC3u7SD0wHwqsSguPNFTyKjqfz4uS/xC/QkJZNFhhqZnbAwyYieVQxW4kvnDhllcwLW4+UNGg==";
    };
  };

  # What the hashes are of.
  content = {
    flat = "echo hello > $out";
    recursive = ''
      mkdir -p $out/sub
      echo hello > $out/run
      chmod +x $out/run
      : > $out/sub/empty
      ln -s ../run $out/sub/link
    '';
  };

  fixed =
    name: mode: attributes:
    build name content.${mode} ({ outputHashMode = mode; } // attributes);

  # The four ways to say which algorithm it is.
  forms =
    mode: outputHashAlgo:
    let
      bare = hashes.${mode}.${outputHashAlgo};
      make = form: attributes: fixed "${mode}-${outputHashAlgo}-${form}" mode attributes;
      of = form: outputHash: make form { inherit outputHash outputHashAlgo; };
    in
    [
      (of "base16" bare.base16)
      (of "base32" bare.base32)
      (of "base64" bare.base64)
      (make "sri" { outputHash = "${outputHashAlgo}-${bare.base64}"; })
      (make "prefixed" { outputHash = "${outputHashAlgo}:${bare.base32}"; })
    ];

  perAlgorithm =
    mode:
    builtins.concatMap (forms mode) [
      "md5"
      "sha1"
      "sha256"
      "sha512"
    ];

  # Two ways to the same content under the same name: one output path, and so one of the dependant.
  twin =
    mirror:
    fixed "twin" "flat" {
      inherit mirror;
      outputHash = hashes.flat.sha256.base32;
      outputHashAlgo = "sha256";
    };
  first = twin "https://one.example.org/";
  second = twin "https://two.example.org/";
  dependant = input: build "dependant" "cp $input $out" { inherit input; };
in
named "fixed-" (perAlgorithm "flat" ++ perAlgorithm "recursive")
// {
  fixed-twin-first = first;
  fixed-twin-second = second;
  fixed-dependant-first = dependant first;
  fixed-dependant-second = dependant second;
  fixed-dependant-twice = dependant (dependant first);

  # Needs another one, which leaves its own path what the hash says.
  fixed-on-fixed = build "fixed-on-fixed" "cat $input > $out" {
    input = first;
    outputHash = hashes.flat.sha1.base16;
    outputHashAlgo = "sha1";
  };

  # Without a mode it is flat; of a file, recursive is another hash.
  fixed-default = build "fixed-default" "echo hello > $out" {
    outputHash = hashes.flat.sha256.base16;
    outputHashAlgo = "sha256";
  };

  # What a fetcher may take from outside, and variables that Nix itself reads.
  fixed-impure-variables = build "fixed-impure-variables" "echo hello > $out" {
    outputHash = hashes.flat.sha256.base16;
    outputHashAlgo = "sha256";
    impureEnvVars = [
      "http_proxy"
      "no_proxy"
    ];
    preferLocalBuild = true;
    allowSubstitutes = false;
    requiredSystemFeatures = [ ];
  };

  # Nix's own builder, from a file.
  fixed-fetchurl = derivation {
    name = "fetched";
    system = "builtin";
    builder = "builtin:fetchurl";
    url = "file://${builtins.toFile "hello" "hello\n"}";
    outputHash = hashes.flat.sha256.base16;
    outputHashAlgo = "sha256";
    outputHashMode = "flat";
    executable = false;
    unpack = false;
  };
}
