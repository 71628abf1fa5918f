//! Derivations at random, written as Nix has them, filled in here and instantiated by the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use nix_format::derivation::{Derivation, Modulo, Output, OutputName, Plan};
use nix_format::{
    Algorithm, ContentAddress, Hash, Method, References, Sha256, StoreDir, StoreName, StorePath,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::tools;

/// A piece of a text.
#[derive(Debug, Clone)]
enum Piece {
    Bytes(Vec<u8>),
    /// An output of a derivation before this one.
    Output(Index, Index),
    /// What stands for an output of its own.
    Own(Index),
    /// A file of this name and content.
    File(String, Vec<u8>),
}

type Text = Vec<Piece>;

#[derive(Debug, Clone)]
struct Spec {
    name: String,
    system: Vec<u8>,
    builder: Vec<u8>,
    args: Vec<Text>,
    env: BTreeMap<Vec<u8>, Text>,
    outputs: Vec<String>,
    address: Address,
}

#[derive(Debug, Clone, Copy)]
enum Address {
    Inputs,
    Fixed(Method, Algorithm),
    Floating(Method, Algorithm),
}

/// Bytes that Nix has to escape, that are no text, and others; never NUL, which no string holds.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let odd = select(&b"\"\\\n\r\t$`'{}(),[]= \x01\x7f\x80\xff"[..]);
    vec(prop_oneof![2 => odd, 1 => 1_u8.., 3 => b'a'..=b'z'], 0..12)
}

fn text() -> impl Strategy<Value = Text> {
    let piece = prop_oneof![
        4 => bytes().prop_map(Piece::Bytes),
        2 => any::<(Index, Index)>().prop_map(|(drv, output)| Piece::Output(drv, output)),
        1 => any::<Index>().prop_map(Piece::Own),
        1 => ("[A-Za-z0-9+._?=-]{1,9}", bytes()).prop_map(|(name, it)| Piece::File(name, it)),
    ];
    vec(piece, 0..4)
}

fn address() -> impl Strategy<Value = Address> {
    let method = || select(&[Method::Flat, Method::Recursive][..]);
    let algorithm = || select(&Algorithm::ALL[..]);
    prop_oneof![
        5 => Just(Address::Inputs),
        1 => (method(), algorithm()).prop_map(|(by, of)| Address::Fixed(by, of)),
        1 => (method(), algorithm()).prop_map(|(by, of)| Address::Floating(by, of)),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let no_quote = |it: Vec<u8>| {
        let mut it: Vec<_> = it.into_iter().filter(|it| !b"\"\\".contains(it)).collect();
        it.push(b'x');
        it
    };
    let outputs = btree_set("out|[A-Za-z0-9+._?=-]{1,4}", 1..4);
    (
        "[A-Za-z0-9+._?=-]{0,20}x",
        bytes().prop_map(no_quote),
        bytes().prop_map(|it| [&b"/"[..], &it].concat()),
        vec(text(), 0..3),
        // What begins with `v` means nothing to Nix.
        btree_map(
            bytes().prop_map(|it| [&b"v"[..], &it].concat()),
            text(),
            0..5,
        ),
        outputs
            .prop_map(|it| it.into_iter().collect::<Vec<_>>())
            .prop_shuffle(),
        address(),
    )
        .prop_map(
            |(name, system, builder, args, env, outputs, address)| Spec {
                name,
                system,
                builder,
                args,
                env,
                outputs: match address {
                    Address::Fixed(..) => vec!["out".to_owned()],
                    _ => outputs,
                },
                address,
            },
        )
}

/// Bytes as a string of Nix.
pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | b'$' => out.extend([b'\\', byte]),
            // Bare, it would be read as a line feed.
            b'\r' => out.extend(b"\\r"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// What has been filled in so far.
struct Filled {
    dir: StoreDir,
    all: Vec<(StorePath, Derivation, Vec<OutputName>)>,
    modulos: BTreeMap<StorePath, Modulo>,
}

impl Filled {
    /// Fills a derivation in, and returns it as Nix has it.
    fn add(&mut self, spec: &Spec) -> Vec<u8> {
        let outputs: Vec<OutputName> = spec.outputs.iter().map(|it| it.parse().unwrap()).collect();
        let mut made = Made::new(spec);
        for (name, text) in &spec.env {
            let (value, code) = made.text(self, text, &outputs);
            made.set(name, value, &code);
        }
        let names: Vec<_> = outputs.iter().map(ToString::to_string).collect();
        let plan = match spec.address {
            Address::Inputs => Plan::InputAddressed {
                outputs: outputs.iter().cloned().collect(),
            },
            Address::Fixed(method, algorithm) => {
                let hash = Hash::of(algorithm, &spec.builder);
                made.plain("outputHash", &hash.sri());
                made.addressed(method, algorithm);
                Plan::Fixed { method, hash }
            }
            Address::Floating(method, algorithm) => {
                made.code.extend(b"  __contentAddressed = true;\n");
                made.addressed(method, algorithm);
                Plan::Floating {
                    outputs: outputs.iter().cloned().collect(),
                    method,
                    algorithm,
                }
            }
        };
        if !matches!(spec.address, Address::Fixed(..)) {
            let list: String = names.iter().map(|it| format!(" \"{it}\"")).collect();
            made.set(
                b"outputs",
                names.join(" ").into(),
                format!("[{list} ]").as_bytes(),
            );
        }
        made.code.extend(b"  args = [");
        for text in &spec.args {
            let (value, code) = made.text(self, text, &outputs);
            made.derivation.args.push(value);
            made.code.extend([&b" "[..], &code].concat());
        }
        made.code.extend(b" ];\n}");
        let name: StoreName = spec.name.parse().unwrap();
        let mut derivation = made.derivation;
        let inputs = |path: &StorePath| self.modulos.get(path);
        derivation.fill(&self.dir, &name, &plan, inputs).unwrap();
        let modulo = derivation.modulo(&self.dir, inputs).unwrap();
        let path = derivation.store_path(&self.dir, &name).unwrap();
        self.modulos.insert(path.clone(), modulo);
        self.all.push((path, derivation, outputs));
        made.code
    }
}

/// A derivation under way, and the same in Nix.
struct Made {
    derivation: Derivation,
    code: Vec<u8>,
}

impl Made {
    fn new(spec: &Spec) -> Self {
        let mut made = Self {
            derivation: Derivation {
                outputs: BTreeMap::new(),
                input_drvs: BTreeMap::new(),
                input_srcs: BTreeSet::new(),
                system: spec.system.clone(),
                builder: spec.builder.clone(),
                args: Vec::new(),
                env: BTreeMap::new(),
            },
            code: b"derivation {\n".to_vec(),
        };
        made.plain("name", &spec.name);
        made.set(b"system", spec.system.clone(), &string(&spec.system));
        made.set(b"builder", spec.builder.clone(), &string(&spec.builder));
        made
    }

    fn set(&mut self, name: &[u8], value: Vec<u8>, code: &[u8]) {
        self.derivation.env.insert(name.to_vec(), value);
        let line = [b"  ", &*string(name), b" = ", code, b";\n"].concat();
        self.code.extend(line);
    }

    fn plain(&mut self, name: &str, value: &str) {
        self.set(name.as_bytes(), value.into(), &string(value.as_bytes()));
    }

    fn addressed(&mut self, method: Method, algorithm: Algorithm) {
        let mode = match method {
            Method::Flat => "flat",
            Method::Recursive => "recursive",
        };
        self.plain("outputHashMode", mode);
        self.plain("outputHashAlgo", &algorithm.to_string());
    }

    /// Returns what a text is, and how it is written.
    fn text(&mut self, before: &Filled, text: &Text, own: &[OutputName]) -> (Vec<u8>, Vec<u8>) {
        let (mut value, mut code) = (Vec::new(), b"(\"\"".to_vec());
        for piece in text {
            let (piece_value, piece_code) = match piece {
                Piece::Bytes(bytes) => (bytes.clone(), string(bytes)),
                Piece::Output(drv, output) if !before.all.is_empty() => {
                    let at = drv.index(before.all.len());
                    let (path, derivation, outputs) = &before.all[at];
                    let output = output.get(outputs);
                    let needed = self.derivation.input_drvs.entry(path.clone()).or_default();
                    needed.insert(output.clone());
                    let place = match &derivation.outputs[output] {
                        Output::InputAddressed(path) | Output::Fixed { path, .. } => {
                            before.dir.print(path)
                        }
                        _ => output.downstream_placeholder(path),
                    };
                    (place.into(), format!("d{at}.\"{output}\"").into())
                }
                Piece::Output(..) => continue,
                Piece::Own(output) => {
                    let output = output.get(own);
                    let code = format!("builtins.placeholder \"{output}\"");
                    (output.placeholder().into(), code.into())
                }
                Piece::File(name, content) => {
                    let address = ContentAddress::Text(Sha256::of(content));
                    let nothing = References::default();
                    let path = name.parse().unwrap();
                    let path = before.dir.content_path(path, &address, &nothing).unwrap();
                    self.derivation.input_srcs.insert(path.clone());
                    let mut code = format!("builtins.toFile \"{name}\" ").into_bytes();
                    code.extend(string(content));
                    (before.dir.print(&path).into(), code)
                }
            };
            value.extend(piece_value);
            code.extend([b" + ", &*piece_code].concat());
        }
        code.push(b')');
        (value, code)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_filled_in_is_what_nix_instantiates(specs in vec(spec(), 60..80)) {
        if !tools::have(nix::PROGRAMS) {
            return Ok(());
        }
        let env = Env::new();
        let store = NixStore::unbuildable(&env);
        let dir = StoreDir::default();
        let mut filled = Filled { dir, all: Vec::new(), modulos: BTreeMap::new() };
        let mut code = b"let\n".to_vec();
        let mut list = String::new();
        for (at, spec) in specs.iter().enumerate() {
            code.extend(format!("d{at} = ").bytes());
            code.extend(filled.add(spec));
            code.extend(b";\n");
            write!(list, " d{at}.drvPath").unwrap();
        }
        code.extend(format!("in [{list} ]").bytes());
        let paths = store.evaluate(code);
        for (at, (path, derivation, _)) in filled.all.iter().enumerate() {
            let text = std::fs::read(store.file(paths[at].as_str().unwrap())).unwrap();
            let ours = derivation.print(&filled.dir);
            prop_assert_eq!(ours.escape_ascii().to_string(), text.escape_ascii().to_string());
            let printed = filled.dir.print(path);
            prop_assert_eq!(Some(&*printed), paths[at].as_str());
        }
    }
}
