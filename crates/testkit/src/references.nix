# Derivations whose outputs refer to one another, and to themselves, in every way that counts.
let
  build =
    name: script: inputs:
    derivation (
      inputs
      // {
        inherit name;
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [
          "-ec"
          script
        ];
        PATH = "/usr/bin:/bin";
      }
    );
  source = builtins.toFile "source-1.0" "what others are built from\n";
in
rec {
  leaf = build "leaf" ''echo leaf > $out'' { };
  text = build "text" ''echo "runs $leaf/bin/run, $leaf again" > $out'' { inherit leaf; };
  script = build "script" ''
    mkdir -p $out/bin
    printf '#!%s\nexec cat %s\n' "$text" "$source" > $out/bin/run
    chmod +x $out/bin/run
  '' { inherit text source; };
  link = build "link" ''mkdir $out; ln -s $text $out/text'' { inherit text; };
  itself = build "itself" ''mkdir $out; echo $out > $out/where'' { };
  # The hash part alone, after letters that hash parts have too.
  bare = build "bare" ''base=''${leaf##*/}; echo "xyz''${base%%-*}0" > $out'' { inherit leaf; };
  # In the name of a file.
  named = build "named" ''mkdir $out; : > $out/''${leaf##*/}'' { inherit leaf; };
  # Among bytes that are no text, behind more than a buffer of zeros.
  binary = build "binary" ''
    head -c 65520 /dev/zero > $out
    printf '\377\200%s\000' "$text" >> $out
    head -c 100000 /dev/zero >> $out
    printf '%s' "$leaf" >> $out
  '' { inherit leaf text; };
  # Compressed, cut or in capitals it is none.
  hidden = build "hidden" ''
    base=''${leaf##*/}
    printf '%s\n' "''${base#?}" "$(printf %s "''${base%%-*}" | cut -c1-31)" > $out
    printf '%s' "$leaf" | tr a-z A-Z >> $out
    printf '%s' "$leaf" | gzip -n >> $out
  '' { inherit leaf; };
  outputs = build "outputs" ''
    echo "$dev $text" > $out
    mkdir $dev; echo $leaf > $dev/lib
  '' {
    inherit leaf text;
    outputs = [
      "out"
      "dev"
    ];
  };
  # Needs much and keeps one.
  few = build "few" ''cat $link/text > /dev/null; echo $script > $out'' {
    inherit link script;
    unused = outputs;
  };
}
