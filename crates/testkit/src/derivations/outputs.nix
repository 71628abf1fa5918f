# Several outputs: in odd orders, under odd names, that refer to themselves and to one another.
{ build, seenBy, ... }:
let
  all = "for output in $outputs; do eval path=\\$$output; echo $output > $path; done";
  several = build "several" all {
    outputs = [
      "lib"
      "out"
      "bin"
      "dev"
    ];
  };
in
{
  outputs-odd-order = several;
  outputs-dev-first = build "dev-first" all {
    outputs = [
      "dev"
      "out"
    ];
  };
  # The variable is there only because it was asked for.
  outputs-only-out = build "only-out" all { outputs = [ "out" ]; };
  outputs-only-doc = build "only-doc" (seenBy "doc") { outputs = [ "doc" ]; };
  # Names that sort otherwise than by letters alone, and are no shell identifiers.
  outputs-odd-names =
    build "odd-names"
      ''
        tr '\0' '\n' < /proc/$$/environ | sed -n 's/^\(a\.b\|A+1\|1\|_\|a-b\|Z\|a=*\)=\(\/.*\)/\2/p' |
          while read -r path; do echo "$path" > "$path"; done
      ''
      {
        outputs = [
          "a.b"
          "Z"
          "_"
          "A+1"
          "a-b"
          "1"
        ];
      };
  # Each output knows of itself, and of one other.
  outputs-referring =
    build "referring"
      ''
        mkdir $out $dev
        echo $out > $out/itself
        echo $dev > $dev/itself
        ln -s $out $dev/out
        echo nothing > $doc
      ''
      {
        outputs = [
          "doc"
          "dev"
          "out"
        ];
      };
  # Needs some outputs of another, and not all.
  outputs-two-of-four = build "two-of-four" "cat $a $b > $out; echo $a >> $out" {
    a = several.dev;
    b = several.bin;
  };
  outputs-first-of-four = build "first-of-four" "echo $input > $out" { input = several; };
  outputs-all-of-four = build "all-of-four" "echo $inputs > $out" { inputs = several.all; };

  # One's own outputs, where they are not known yet.
  outputs-placeholders =
    build "placeholders"
      ''
        ${seenBy "out"}
        echo developers > $dev
      ''
      {
        outputs = [
          "out"
          "dev"
        ];
        prefix = "--prefix=${builtins.placeholder "out"}";
        manual = "${builtins.placeholder "dev"}/share:${builtins.placeholder "out"}/man";
        # Of an output that there is not: stays as it is.
        none = builtins.placeholder "none";
      };
  outputs-placeholder-in-args = derivation {
    name = "placeholder-in-args";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [
      "-c"
      ''/bin/cat /proc/$$/cmdline > "$1"''
      "sh"
      (builtins.placeholder "out")
    ];
  };
}
