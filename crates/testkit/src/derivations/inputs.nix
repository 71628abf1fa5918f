# What a derivation may need: sources, texts, `.drv` files, graphs of references, promises of what it
# will refer to.
{
  build,
  seen,
  leaf,
  ...
}:
let
  text = builtins.toFile "text" "the text\n";
  # Texts that refer to texts.
  deeper = builtins.toFile "deeper" "see ${text}\n";
  deepest = builtins.toFile "deepest" "see ${deeper}, ${text} and ${deeper}\n";
  isNix = path: _: builtins.match ".*[.]nix" path != null;
  folder = builtins.path {
    path = ./.;
    name = "folder";
    filter = isNix;
  };
  file = builtins.path {
    path = ./tools.nix;
    name = "file";
    recursive = false;
  };
  onLeaf = build "on-leaf" "mkdir $out; ln -s $leaf $out/leaf" { inherit leaf; };
  itself = build "itself" "mkdir $out; echo $out > $out/where" { };
in
{
  inputs-leaf = leaf;
  inputs-text = build "with-text" "cat $text > $out" { inherit text; };
  inputs-texts = build "with-texts" "echo $deepest > $out" { inherit deepest; };
  inputs-odd-text = build "with-odd-text" "cat $odd > $out" {
    odd = builtins.toFile "odd" "\"\\\n\r\t${builtins.substring 0 1 "é"}";
  };
  inputs-folder = build "with-folder" "cp -r $folder $out; echo $folder > $out/whence" {
    inherit folder;
  };
  inputs-file = build "with-file" "cat $file > $out" { inherit file; };
  # A path that is written as such is taken in under its own name.
  inputs-path = build "with-path" "cat $path > $out; echo $path >> $out" { path = ./tools.nix; };
  inputs-all = build "with-all" seen {
    inherit
      text
      deepest
      folder
      file
      leaf
      onLeaf
      ;
  };
  inputs-in-args = derivation {
    name = "in-args";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [
      "-c"
      "echo ${leaf} ${text} > $out"
    ];
  };
  inputs-itself = itself;
  inputs-on-itself = build "on-itself" "ln -s $itself/where $out" { inherit itself; };

  # The `.drv` as a file, without what it makes.
  inputs-drv-alone = build "drv-alone" "cat $drv > $out" {
    drv = builtins.unsafeDiscardOutputDependency onLeaf.drvPath;
  };
  # The `.drv` with all that it needs and makes.
  inputs-drv-whole = build "drv-whole" "echo $drv > $out" { drv = onLeaf.drvPath; };
  # A path whose text is known and that is no input.
  inputs-forgotten = build "forgotten" "echo $leaf > $out" {
    leaf = builtins.unsafeDiscardStringContext "${leaf}";
  };

  inputs-graph = build "with-graph" seen {
    exportReferencesGraph = [
      "graph"
      onLeaf
      "texts.graph"
      deepest
      "itself"
      itself
    ];
  };
  inputs-graph-of-drv = build "with-graph-of-drv" "cp graph $out" {
    exportReferencesGraph = [
      "graph"
      onLeaf.drvPath
    ];
  };

  inputs-allowed = build "allowed" "echo $leaf $out > $out" {
    inherit leaf text;
    allowedReferences = [
      leaf
      "out"
    ];
    allowedRequisites = [
      leaf
      "out"
    ];
  };
  inputs-allowed-none = build "allowed-none" "echo none > $out" { allowedReferences = [ ]; };
  inputs-disallowed = build "disallowed" "echo $leaf > $out" {
    inherit leaf text;
    disallowedReferences = [ text ];
    disallowedRequisites = [ text ];
  };

  # The program itself is built.
  inputs-builder =
    let
      program = build "program" ''
        mkdir -p $out/bin
        printf '#!/bin/sh\n/bin/echo "$0 $*" > $out\n' > $out/bin/program
        chmod +x $out/bin/program
      '' { };
    in
    derivation {
      name = "by-program";
      system = builtins.currentSystem;
      builder = "${program}/bin/program";
      args = [ "argument" ];
    };
}
