# All derivations by their names: those that build offline, those that only stand for what a `.drv`
# may hold, and those whose build fails.
let
  tools = import ./tools.nix;
  load = file: import file tools;
in
{
  built =
    load ./fixed.nix
    // load ./outputs.nix
    // load ./escapes.nix
    // load ./structured.nix
    // load ./floating.nix
    // load ./inputs.nix
    // load ./names.nix
    // load ./graphs.nix;
  unbuilt = load ./unbuilt.nix;
  failing = load ./failing.nix;
}
