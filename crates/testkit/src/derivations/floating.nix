# Outputs named by what they hold, which nobody knows yet, and derivations that need such.
{
  build,
  seen,
  named,
  leaf,
  ...
}:
let
  floating =
    name: script: attributes:
    build name script (
      {
        __contentAddressed = true;
        outputHashMode = "recursive";
        outputHashAlgo = "sha256";
      }
      // attributes
    );
  perAlgorithm =
    outputHashMode:
    map
      (
        outputHashAlgo:
        floating "${outputHashMode}-${outputHashAlgo}" "echo floating > $out" {
          inherit outputHashMode outputHashAlgo;
        }
      )
      [
        "md5"
        "sha1"
        "sha256"
        "sha512"
      ];
  base = floating "base" "mkdir $out; echo base > $out/base" { };
  several =
    floating "several"
      ''
        mkdir $out $dev
        echo $out > $dev/out
        echo $leaf > $out/leaf
        echo doc > $doc
      ''
      {
        inherit leaf;
        outputs = [
          "dev"
          "out"
          "doc"
        ];
      };
  deferred = build "deferred" seen { inherit base; };
in
named "floating-" (perAlgorithm "flat" ++ perAlgorithm "recursive")
// {
  floating-base = base;
  # Without mode and algorithm.
  floating-default = build "floating-default" "echo default > $out" { __contentAddressed = true; };
  floating-several = several;
  floating-itself = floating "itself" "mkdir $out; echo $out > $out/where; ln -s $out/where $out/link" { };
  floating-itself-and-others = floating "itself-and-others" ''mkdir $out; echo "$out $leaf $base" > $out/all'' {
    inherit base leaf;
  };
  floating-seen = floating "seen" seen {
    own = builtins.placeholder "out";
    passAsFile = [ "own" ];
  };
  floating-on-floating = floating "on-floating" ''cp -r $base $out; echo "$base $dev" >> $out/base'' {
    inherit base;
    inherit (several) dev;
  };
  # What another one made, by other means.
  floating-same = floating "base" "mkdir $out; echo ba''se > $out/base" { other = true; };

  floating-deferred = deferred;
  floating-deferred-outputs =
    build "deferred-outputs" "echo $base > $out; echo $out > $dev"
      {
        inherit base;
        outputs = [
          "out"
          "dev"
        ];
      };
  floating-deferred-twice = build "deferred-twice" "echo $deferred $several > $out" {
    inherit deferred several;
  };
  floating-on-deferred = floating "on-deferred" "echo $deferred > $out" { inherit deferred; };
  # Knows its path whatever it needs.
  floating-into-fixed = build "into-fixed" "cat $base/base > /dev/null; echo hello > $out" {
    inherit base;
    outputHashMode = "flat";
    outputHash = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
  };
  # And lets those who need it know theirs.
  floating-behind-fixed =
    let
      fixed = build "fixed" "cat $base/base > /dev/null; echo hello > $out" {
        inherit base;
        outputHashMode = "flat";
        outputHash = "sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=";
      };
    in
    build "behind-fixed" "cat $fixed > $out" { inherit fixed; };
}
