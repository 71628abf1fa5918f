# How the others make a derivation: a shell of the host runs a script.
rec {
  system = builtins.currentSystem;

  build =
    name: script: attributes:
    derivation (
      {
        inherit name system;
        builder = "/bin/sh";
        args = [
          "-ec"
          script
        ];
        PATH = "/usr/bin:/bin";
      }
      // attributes
    );

  # Leaves what the builder was given in its first output: the environment and the arguments as the
  # kernel has them (each ended by a zero byte), and a copy of the folder it began in.
  seen = seenBy "out";
  seenBy = output: ''
    mkdir "''$${output}"
    cat /proc/$$/environ > "''$${output}/environ"
    cat /proc/$$/cmdline > "''$${output}/arguments"
    cp -R . "''$${output}/folder"
  '';

  # The same where attributes are structured: bash, which can read `.attrs.sh`.
  structured =
    name: attributes:
    derivation (
      {
        inherit name system;
        builder = "/bin/bash";
        args = [
          "-euc"
          ''
            export PATH=/usr/bin:/bin
            source .attrs.sh
            first=''${outputs[${builtins.head (attributes.outputs or [ "out" ])}]}
            mkdir "$first"
            cat /proc/$$/environ > "$first/environ"
            cat /proc/$$/cmdline > "$first/arguments"
            cp -R . "$first/folder"
            for output in "''${outputs[@]}"; do
              [ -e "$output" ] || echo other > "$output"
            done
          ''
        ];
        __structuredAttrs = true;
      }
      // attributes
    );

  # `n` times the same text.
  repeat = n: text: builtins.concatStringsSep "" (builtins.genList (_: text) n);

  # A set of derivations by their own names, each behind a prefix.
  named =
    prefix: list:
    builtins.listToAttrs (
      map (it: {
        name = prefix + it.name;
        value = it;
      }) list
    );

  leaf = build "leaf" "echo leaf > $out" { };
}
