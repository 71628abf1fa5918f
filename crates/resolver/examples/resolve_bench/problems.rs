//! The problems: the same in every run.

use atom::{AtomId, Requirement, Version};
use resolver::{Dependency, Request, RootRequirement, Spec, Universe};

const N_VERSIONS: usize = 20;

/// An index, and what is asked of it.
pub(crate) struct Problems {
    pub(crate) name: &'static str,
    pub(crate) universe: Universe,
    pub(crate) requests: Vec<Request>,
    /// How often each is solved: the least time counts.
    pub(crate) n_rounds: usize,
}

/// 40 requests of eight atoms each, of 2,000 atoms that need one another at random.
pub(crate) fn random() -> Problems {
    const N_ATOMS: usize = 2_000;
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let universe = index(&mut dice, N_ATOMS, |dice, atom| {
        let near = (0..4).map(|_| atom + 1 + dice.roll(60));
        near.filter(|it| *it < N_ATOMS).collect()
    });
    let request = |_| {
        let atoms: Vec<_> = (0..8).map(|_| dice.roll(N_ATOMS / 2)).collect();
        wanting(&atoms)
    };
    Problems {
        name: "40 random requests",
        universe,
        requests: (0..40).map(request).collect(),
        n_rounds: 7,
    }
}

/// One request that leads to 1,000 atoms, each of 20 versions.
pub(crate) fn thousand() -> Problems {
    const N_ATOMS: usize = 1_000;
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let universe = index(&mut dice, N_ATOMS, |dice, atom| {
        let near = [2 * atom + 1, 2 * atom + 2, atom + 1 + dice.roll(30)];
        near.into_iter().filter(|it| *it < N_ATOMS).collect()
    });
    Problems {
        name: "1,000 atoms of 20",
        universe,
        requests: vec![wanting(&[0])],
        n_rounds: 100,
    }
}

/// The xorshift generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n_sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n_sides as u64) as usize
    }
}

fn id(number: usize) -> AtomId {
    let root = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
    AtomId::new(
        root.parse().expect("an object id"),
        format!("a{number}").parse().expect("an id"),
    )
}

fn wanting(atoms: &[usize]) -> Request {
    let root = |(token, atom): (usize, &usize)| RootRequirement {
        atom: id(*atom),
        req: Requirement::any(),
        token,
    };
    Request {
        roots: atoms.iter().enumerate().map(root).collect(),
        ..Request::default()
    }
}

/// Versions in four majors; a version's dependencies accept two majors around its own.
fn index(
    dice: &mut Dice,
    n_atoms: usize,
    mut needs: impl FnMut(&mut Dice, usize) -> Vec<usize>,
) -> Universe {
    let mut universe = Universe::new();
    for atom in 0..n_atoms {
        let version = |it: usize| -> Version {
            let text = format!("{}.{}.0", 1 + it / 5, it % 5);
            text.parse().expect("a version")
        };
        universe.list(id(atom), (0..N_VERSIONS).map(version));
        for it in 0..N_VERSIONS {
            let targets = needs(dice, atom).into_iter();
            let needs = targets.map(|target| Dependency {
                atom: id(target),
                req: window(dice, 1 + it / 5),
            });
            let spec = Spec::Known(needs.collect());
            universe.set_spec(&id(atom), &version(it), spec);
        }
    }
    universe
}

fn window(dice: &mut Dice, major: usize) -> Requirement {
    let low = major.saturating_sub(dice.roll(3)).max(1);
    let text = format!(">={low}.{}, <{}", dice.roll(3), low + 3);
    text.parse().expect("a requirement")
}
