//! Hashes modulo and paths, as Nix has them in the golden derivations.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic as _;
use nix_format::derivation::{
    Derivation, KindError, ModuloError, Modulos, Output, OutputName, Plan, PlanError, Standing,
};
use nix_format::{Algorithm, StoreDir, StoreName, StorePath, StorePathError};

use crate::drv::golden;

/// The golden derivations, by their paths.
fn derivations() -> BTreeMap<StorePath, Derivation> {
    let parse = |text: &[u8]| Derivation::parse(&StoreDir::default(), text).unwrap();
    let golden = golden().into_iter();
    golden
        .map(|(name, text)| (name.parse().unwrap(), parse(&text)))
        .collect()
}

fn named(name: &str) -> (StorePath, Derivation) {
    let ends = |path: &StorePath| path.drv_name().unwrap().as_str() == name;
    derivations().into_iter().find(|(it, _)| ends(it)).unwrap()
}

fn read(path: &StorePath) -> Result<Derivation, ModuloError> {
    let missing = || ModuloError::Missing { path: path.clone() };
    derivations().remove(path).ok_or_else(missing)
}

/// What a derivation's outputs were planned to be.
pub(crate) fn plan(derivation: &Derivation) -> Plan {
    let outputs: BTreeSet<_> = derivation.outputs.keys().cloned().collect();
    match *derivation.outputs.values().next().unwrap() {
        Output::InputAddressed(_) | Output::Deferred => Plan::InputAddressed { outputs },
        Output::Fixed { method, hash, .. } => Plan::Fixed { method, hash },
        Output::Floating { method, algorithm } => Plan::Floating {
            outputs,
            method,
            algorithm,
        },
        Output::Impure { method, algorithm } => Plan::Impure {
            outputs,
            method,
            algorithm,
        },
    }
}

/// Takes away what filling gives.
pub(crate) fn bare(mut derivation: Derivation) -> Derivation {
    for (name, _) in std::mem::take(&mut derivation.outputs) {
        derivation.env.remove(name.as_str().as_bytes());
    }
    derivation
}

fn fill(derivation: Derivation, name: &str, plan: &Plan) -> Result<Derivation, PlanError> {
    let mut modulos = Modulos::new(StoreDir::default());
    for path in derivation.input_drvs.keys() {
        modulos.meet(path.clone(), read).unwrap();
    }
    let name: StoreName = name.parse().unwrap();
    let mut filled = bare(derivation);
    filled.fill(&StoreDir::default(), &name, plan, |it| modulos.get(it))?;
    Ok(filled)
}

#[test]
fn outputs_and_their_variables_are_filled_in_as_by_nix() {
    for (path, derivation) in derivations() {
        let name = path.drv_name().unwrap();
        let filled = fill(derivation.clone(), name.as_str(), &plan(&derivation));
        assert_eq!(filled, Ok(derivation), "{path}");
    }
}

#[test]
fn a_derivation_lies_where_nix_puts_it() {
    for (path, derivation) in derivations() {
        let name = path.drv_name().unwrap();
        let found = derivation.store_path(&StoreDir::default(), &name);
        assert_eq!(found, Ok(path));
    }
}

#[test]
fn the_inhash_is_what_nix_names_realisations_by() {
    let check = |name: &str, hash: &str, standing| {
        let mut modulos = Modulos::new(StoreDir::default());
        let found = modulos.inhash(&named(name).1, read).unwrap();
        assert_eq!(
            (&*found.hash.base16(), found.standing),
            (hash, standing),
            "{name}"
        );
    };
    // In Nix's database, `Realisations.drvPath`, once it is built.
    let alone = "3d4c4c623af9527ab4af647f1c42541c32527bf92768c8c4d3e8c47879e799f1";
    check("alone", alone, Standing::Deferred);
    // `printf %s fixed:out:r:sha256:e3b0…:/nix/store/…-fixed | sha256sum`.
    let fixed = "77f9072e2bf5b86e6de83431556eb7395e16582a3734aa243eef7eb1fb4dfd61";
    check("fixed", fixed, Standing::Regular);
    // `printf impure | sha256sum`.
    let impure = "ddffc26775f61118da8597d1f2f62c544ec92461b31b5b1075ed8689a7ee8292";
    check("impure", impure, Standing::Deferred);
}

#[test]
fn dependants_name_outputs_to_come_as_nix_does() {
    let (path, _) = named("floating");
    let (_, deferred) = named("deferred");
    let inputs = String::from_utf8(deferred.env[&b"inputs"[..]].clone()).unwrap();
    let inputs: Vec<_> = inputs.split(' ').collect();
    for (output, expected) in ["lib", "out"].into_iter().zip(inputs) {
        let output: OutputName = output.parse().unwrap();
        assert_eq!(output.downstream_placeholder(&path), expected);
    }
}

#[test]
fn what_a_hash_needs_must_be_known() {
    let (_, several) = named("several");
    let store = StoreDir::default();
    let (flat, _) = named("flat-1.0.tar.gz");
    let missing = several.inhash(&store, |_| None);
    assert_eq!(missing, Err(ModuloError::Missing { path: flat.clone() }));
    let (_, fixed) = named("fixed");
    let mut other = fixed.modulo(&store, |_| None).unwrap();
    other.outputs.clear();
    let output = OutputName::out();
    let expected = Err(ModuloError::MissingOutput { path: flat, output });
    assert_eq!(several.inhash(&store, |_| Some(&other)), expected);
    // Fixed outputs hide how they are made.
    assert!(named("flat-1.0.tar.gz").1.inhash(&store, |_| None).is_ok());
}

/// A derivation that needs the one at `next`.
fn link(next: Option<u32>) -> Derivation {
    let mut derivation = named("alone").1;
    derivation.outputs = BTreeMap::from([(OutputName::out(), Output::Deferred)]);
    let needs = next.map(|it| (place(it), BTreeSet::from([OutputName::out()])));
    derivation.input_drvs = needs.into_iter().collect();
    derivation
}

fn place(n: u32) -> StorePath {
    StorePath::from_parts([0; 20], format!("{n}.drv").parse().unwrap())
}

fn number(path: &StorePath) -> u32 {
    path.drv_name().unwrap().as_str().parse().unwrap()
}

#[test]
fn depth_costs_no_stack_and_no_work_twice() {
    let n = 5_000;
    let template = link(Some(0));
    let mut n_read = 0;
    let mut modulos = Modulos::new(StoreDir::default());
    let mut read = |path: &StorePath| -> Result<_, ModuloError> {
        n_read += 1;
        let mut derivation = template.clone();
        let needs = derivation.input_drvs.pop_first().unwrap().1;
        let next = number(path) + 1;
        if next < n {
            derivation.input_drvs.insert(place(next), needs);
        }
        Ok(derivation)
    };
    modulos.meet(place(0), &mut read).unwrap();
    modulos.meet(place(7), &mut read).unwrap();
    assert_eq!(n_read, n);
    assert!(modulos.get(&place(n - 1)).is_some());
}

#[test]
fn a_derivation_that_needs_itself_is_refused() {
    for end in [0, 3] {
        let mut modulos = Modulos::new(StoreDir::default());
        let next = |path: &StorePath| {
            if number(path) == 3 {
                end
            } else {
                number(path) + 1
            }
        };
        let found = modulos.meet(place(0), |path| Ok(link(Some(next(path)))));
        assert_eq!(found, Err(ModuloError::Cycle { path: place(end) }));
    }
}

#[test]
fn outputs_that_have_nothing_in_common_are_refused() {
    let [out, dev] = ["out", "dev"].map(|it| it.parse::<OutputName>().unwrap());
    let (fixed, floating) = (named("fixed").1, named("floating").1);
    let check = |outputs: &[(&OutputName, &Output)], expected| {
        let outputs = outputs.iter().map(|&(name, it)| (name.clone(), it.clone()));
        let outputs = outputs.collect();
        let found = Derivation {
            outputs,
            ..link(None)
        }
        .kind();
        assert_eq!(found, Err(expected));
    };
    check(&[], KindError::None);
    let (fixed, floating) = (&fixed.outputs[&out], &floating.outputs[&out]);
    check(
        &[(&dev, fixed)],
        KindError::Fixed {
            output: dev.clone(),
        },
    );
    let expected = KindError::Fixed {
        output: out.clone(),
    };
    check(&[(&dev, fixed), (&out, fixed)], expected);
    let mixed = KindError::Mixed {
        first: dev.clone(),
        second: out.clone(),
    };
    check(&[(&dev, floating), (&out, fixed)], mixed.clone());
    check(
        &[(&dev, &Output::Deferred), (&out, floating)],
        mixed.clone(),
    );
    let &Output::Floating { method, .. } = floating else {
        panic!("{floating:?}")
    };
    let other = Output::Floating {
        method,
        algorithm: Algorithm::Sha1,
    };
    check(&[(&dev, floating), (&out, &other)], mixed);
}

#[test]
fn what_nix_would_not_write_is_not_filled_in() {
    let (_, alone) = named("alone");
    let floating = plan(&alone);
    let outputs = |names: &[&str]| Plan::InputAddressed {
        outputs: names.iter().map(|it| it.parse().unwrap()).collect(),
    };
    let refused = |derivation: &Derivation, name: &str, plan: &Plan| {
        let error = fill(derivation.clone(), name, plan).unwrap_err();
        error.code().unwrap().to_string()
    };
    assert_eq!(refused(&alone, "a.drv", &floating), "eka::drv::name");
    let drv = outputs(&["out", "drv"]);
    assert_eq!(refused(&alone, "a", &drv), "eka::drv::output_drv");
    assert_eq!(refused(&alone, "a", &outputs(&[])), "eka::drv::no_output");
    for (system, code) in [("", "empty"), ("a\"", "system"), ("a\\", "system")] {
        let mut derivation = alone.clone();
        derivation.system = system.into();
        let found = refused(&derivation, "a", &floating);
        assert_eq!(found, format!("eka::drv::{code}"), "{system}");
    }
    let mut derivation = alone;
    derivation.builder.clear();
    assert_eq!(refused(&derivation, "a", &floating), "eka::drv::empty");
}

#[test]
fn names_are_as_long_as_paths_allow() {
    let (_, alone) = named("alone");
    let store = StoreDir::default();
    let dev = Plan::InputAddressed {
        outputs: BTreeSet::from(["dev".parse().unwrap()]),
    };
    let name = |length: usize| "a".repeat(length);
    let too_long = Err(PlanError::Name(StorePathError::NameLength { length: 212 }));
    assert!(fill(alone.clone(), &name(207), &dev).is_ok());
    assert_eq!(fill(alone.clone(), &name(208), &dev), too_long);
    let path = |length| alone.store_path(&store, &name(length).parse().unwrap());
    assert!(path(207).is_ok());
    assert_eq!(path(208).map(|_| alone.clone()), too_long);
    // The name of a path to come is not held to a length.
    let drv = StorePath::from_parts([0; 20], format!("{}.drv", name(207)).parse().unwrap());
    let long: OutputName = name(211).parse().unwrap();
    assert_eq!(long.downstream_placeholder(&drv).len(), 53);
}
