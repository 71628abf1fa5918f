# Names at the limits of what a store path may be called.
{ build, repeat, ... }:
let
  touch = "for output in \${outputs:-out}; do eval path=\\$$output; echo $output > \"$path\"; done";
  name = text: build text touch { };
in
{
  names-longest = name (repeat 207 "n");
  names-longest-with-output = build (repeat 207 "w") touch {
    outputs = [
      "out"
      "dev"
    ];
  };
  names-longest-output = build "o" "env -0 | tr '\\0' '\\n' | grep '^oooo.*=/' | cut -d= -f2 | xargs touch" {
    outputs = [ (repeat 209 "o") ];
  };
  names-longest-source = build "longest-source" "echo $source > $out" {
    source = builtins.toFile (repeat 211 "s") "";
  };
  names-shortest = name "0";
  names-all-letters = name "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._?=";
  names-dot = name ".hidden";
  names-dash = name "-";
  names-like-a-hash = name (repeat 32 "0" + "-name");
  names-like-a-drv = build "name.drv-1" touch { };
  names-version = name "name-1.0-rc.1+build=7";
}
