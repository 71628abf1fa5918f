# Graphs: deep, wide, diamonds, and one whose paths double with each step.
{ build, ... }:
let
  range = n: builtins.genList (it: it + 1) n;

  chain =
    n:
    builtins.foldl'
      (
        before: i:
        build "link-${toString i}" "echo $before > $out" { inherit before; }
      )
      (build "link-0" "echo end > $out" { })
      (range n);

  # Each needs the two before it: a hash of each, taken once, is 26 hashes, and else 300,000.
  ladder =
    n:
    builtins.foldl'
      (
        steps: i:
        {
          a = steps.b;
          b = build "step-${toString i}" "cat $a $b | cksum > $out" { inherit (steps) a b; };
        }
      )
      {
        a = build "foot-a" "echo a > $out" { };
        b = build "foot-b" "echo b > $out" { };
      }
      (range n);

  node = name: inputs: build name ''for it in $inputs; do echo $it; done > $out'' { inherit inputs; };
  many = name: n: inputs: map (i: node "${name}-${toString i}" inputs) (range n);
in
{
  graph-chain = chain 20;
  graph-ladder = (ladder 24).b;
  graph-wide = node "wide" (many "petal" 20 [ ]);
  graph-diamond = node "top" (many "middle" 4 (many "bottom" 12 [ ]));
}
