//! A tree over a lock, each part of it drawn once.

use std::collections::HashMap;

use atom::lock::Graph;

/// One line of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// How far it is below the first.
    pub level: usize,
    /// Whether it is the last below the line that it belongs to.
    pub last: bool,
    /// What it shows.
    pub node: Node,
    /// Whether what would stand below it stands elsewhere.
    pub repeated: bool,
}

/// What a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The atom that the lock belongs to.
    Top,
    /// An atom of the lock, by its number.
    Atom(usize),
    /// A pin of the lock, by its number.
    Pin(usize),
}

/// Which way a tree grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To what an atom needs.
    Down,
    /// To who needs an atom.
    Up,
}

/// Draws the trees of `roots`, at most `depth` levels below them.
///
/// What stands below an atom is drawn where the atom first comes, so that there are no more lines
/// than dependencies. Where `depth` cut something off there, it is drawn again at a lesser level.
pub(super) fn lines(
    graph: &Graph<'_>,
    way: Way,
    roots: Vec<Node>,
    depth: Option<usize>,
) -> Vec<Line> {
    let heights = depth.map(|_| heights(graph, way)).unwrap_or_default();
    let mut drawn: HashMap<Node, usize> = HashMap::new();
    let mut lines = Vec::new();
    let mut todo: Vec<(Node, usize, bool)> = Vec::new();
    push(&mut todo, roots, 0);
    while let Some((node, level, last)) = todo.pop() {
        let below = below(graph, way, node);
        let is_drawn = |at: &usize| {
            let whole = depth.is_none_or(|it| height(&heights, node) <= it - at);
            *at <= level || whole
        };
        let repeated = !below.is_empty() && drawn.get(&node).is_some_and(is_drawn);
        let too_deep = depth.is_some_and(|it| level >= it);
        lines.push(Line {
            level,
            last,
            node,
            repeated,
        });
        if !too_deep && !repeated {
            drawn.insert(node, level);
            push(&mut todo, below, level + 1);
        }
    }
    lines
}

/// Puts nodes on a stack, the first on top.
fn push(todo: &mut Vec<(Node, usize, bool)>, nodes: Vec<Node>, level: usize) {
    let n_nodes = nodes.len();
    let nodes = nodes.into_iter().enumerate().rev();
    todo.extend(nodes.map(|(at, node)| (node, level, at + 1 == n_nodes)));
}

/// What stands below a node, in the order of the lock.
fn below(graph: &Graph<'_>, way: Way, node: Node) -> Vec<Node> {
    let atoms = |all: &[usize]| all.iter().copied().map(Node::Atom).collect();
    match (way, node) {
        (_, Node::Pin(_)) | (Way::Up, Node::Top) => Vec::new(),
        (Way::Down, Node::Top) => {
            let pins = (0..graph.lock().pins.len()).map(Node::Pin);
            graph.direct().map(Node::Atom).chain(pins).collect()
        }
        (Way::Down, Node::Atom(it)) => atoms(graph.needs(it)),
        (Way::Up, Node::Atom(it)) => {
            let mut nodes: Vec<Node> = atoms(graph.needed_by(it));
            if !graph.asked(it).is_empty() {
                nodes.insert(0, Node::Top);
            }
            nodes
        }
    }
}

/// How many levels stand below each atom; none for those that lead into a circle.
fn heights(graph: &Graph<'_>, way: Way) -> Vec<Option<usize>> {
    let n_atoms = graph.atoms().len();
    let next = |it| match way {
        Way::Down => graph.needs(it),
        Way::Up => graph.needed_by(it),
    };
    let before = |it| match way {
        Way::Down => graph.needed_by(it),
        Way::Up => graph.needs(it),
    };
    let mut open: Vec<usize> = (0..n_atoms).map(|it| next(it).len()).collect();
    let mut least: Vec<usize> = (0..n_atoms)
        .map(|it| usize::from(way == Way::Up && !graph.asked(it).is_empty()))
        .collect();
    let mut heights = vec![None; n_atoms];
    let mut todo: Vec<usize> = (0..n_atoms).filter(|it| open[*it] == 0).collect();
    while let Some(it) = todo.pop() {
        heights[it] = Some(least[it]);
        for &by in before(it) {
            least[by] = least[by].max(least[it] + 1);
            open[by] -= 1;
            if open[by] == 0 {
                todo.push(by);
            }
        }
    }
    heights
}

fn height(heights: &[Option<usize>], node: Node) -> usize {
    match node {
        Node::Atom(it) => heights.get(it).copied().flatten().unwrap_or(usize::MAX),
        Node::Top | Node::Pin(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use atom::lock::Lock;

    use super::*;

    /// A lock of atoms of the work tree, of version 1 each: `a: b c` a line; the first is asked for.
    fn lock(text: &str) -> Lock {
        let mut out = String::from("version = 1\n");
        for (at, line) in text.lines().map(str::trim).enumerate() {
            let (id, needs) = line.split_once(':').unwrap();
            if at == 0 {
                out += &format!("[[require]]\nid = \"{id}\"\nreq = \"^1\"\nset = \"::\"\n");
            }
            let needs: Vec<String> = needs
                .split_whitespace()
                .map(|it| format!("{it}@1.0.0"))
                .collect();
            out += &format!(
                "[[atom]]\nid = \"{id}\"\nversion = \"1.0.0\"\nset = \"::\"\npath = \"{id}\"\ndeps = {needs:?}\n"
            );
        }
        Lock::parse(&out.replace("deps = []\n", "")).unwrap_or_else(|it| panic!("{it:?}\n{out}"))
    }

    /// Draws each line as its level, its id, and `*` where it is repeated.
    #[track_caller]
    fn check(text: &str, way: Way, roots: &[&str], depth: Option<usize>, expected: &str) {
        let lock = lock(text);
        let graph = Graph::of(&lock);
        let node = |it: &&str| match *it {
            "top" => Node::Top,
            id => Node::Atom(
                lock.atoms
                    .iter()
                    .position(|it| it.id.as_str() == id)
                    .unwrap(),
            ),
        };
        let drawn = lines(&graph, way, roots.iter().map(node).collect(), depth);
        let drawn = drawn.iter().map(|it| {
            let name = match it.node {
                Node::Atom(at) => lock.atoms[at].id.as_str(),
                Node::Top => "top",
                Node::Pin(_) => "pin",
            };
            format!("{}{name}{}", it.level, if it.repeated { "*" } else { "" })
        });
        assert_eq!(drawn.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn what_comes_again_is_drawn_once() {
        let text = "a: b c\nb: c\nc: d\nd:";
        check(text, Way::Down, &["top"], None, "0top 1a 2b 3c 4d 2c*");
        check(text, Way::Up, &["d"], None, "0d 1c 2a 3top 2b 3a*");
        check(text, Way::Up, &["b", "d"], None, "0b 1a 2top 0d 1c 2a* 2b*");
    }

    #[test]
    fn a_circle_ends() {
        let text = "a: b\nb: a";
        check(text, Way::Down, &["top"], None, "0top 1a 2b 3a*");
        check(text, Way::Down, &["top"], Some(9), "0top 1a 2b 3a*");
        check(text, Way::Up, &["b"], None, "0b 1a 2top 2b*");
    }

    #[test]
    fn what_a_depth_cut_off_is_drawn_where_there_is_room() {
        let text = "a: b c\nb: c\nc: d\nd: e\ne:";
        check(text, Way::Down, &["top"], Some(0), "0top");
        check(text, Way::Down, &["top"], Some(1), "0top 1a");
        check(
            text,
            Way::Down,
            &["top"],
            Some(4),
            "0top 1a 2b 3c 4d 2c 3d 4e",
        );
        check(
            text,
            Way::Down,
            &["top"],
            Some(5),
            "0top 1a 2b 3c 4d 5e 2c*",
        );
        check(text, Way::Up, &["e"], Some(1), "0e 1d");
    }

    /// The number of paths through it doubles with each rung.
    #[test]
    fn a_ladder_has_as_many_lines_as_dependencies() {
        let n_rungs = 30;
        let rung = |it: usize| {
            let next = format!("l{} r{}", it + 1, it + 1);
            let next = if it + 1 < n_rungs { next.as_str() } else { "" };
            format!("l{it}: {next}\nr{it}: {next}\n")
        };
        let text: String = (0..n_rungs).map(rung).collect();
        let text = format!("a: l0 r0\n{}", text.trim_end());
        let lock = lock(&text);
        let graph = Graph::of(&lock);
        for depth in [None, Some(n_rungs + 2)] {
            let drawn = lines(&graph, Way::Down, vec![Node::Top], depth);
            assert_eq!(drawn.len(), 2 + 2 + 4 * (n_rungs - 1));
        }
        // Each atom is drawn at most once a level.
        let cut = lines(&graph, Way::Down, vec![Node::Top], Some(n_rungs / 2));
        assert!(cut.len() < 4 * n_rungs * n_rungs, "{}", cut.len());
        let last = lock
            .atoms
            .iter()
            .position(|it| it.id.as_str() == "l29")
            .unwrap();
        let up = lines(&graph, Way::Up, vec![Node::Atom(last)], None);
        assert_eq!(up.len(), 1 + 4 * (n_rungs - 1) - 2 + 2 + 1);
    }
}
