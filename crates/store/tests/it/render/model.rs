//! The seekable reader against the plain NAR: any tree, any order of seeks and reads, blobs that
//! make one wait, and blobs that fail.

use std::future::poll_fn;
use std::io::{self, ErrorKind, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;

use castore::Digest;
use proptest::prelude::*;
use store::render::NarReader;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncSeekExt as _, ReadBuf};

use super::tree::{contents, laid_out, trees};
use super::unsteady::{Fault, Unsteady};
use crate::tree::Tree;

#[derive(Debug, Clone)]
enum Step {
    Seek(SeekFrom),
    /// To some part of the NAR, in 65,536ths.
    Part(u16),
    Read(usize),
    /// Reads, and gives up where that has to wait.
    Glance(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let near = -3000i64..3000;
    let far = prop::sample::select(vec![i64::MIN, -1 << 40, 1 << 40, i64::MAX]);
    let by = prop_oneof![9 => near, 1 => far];
    let start = prop_oneof![9 => 0..4000u64, 1 => any::<u64>()];
    let len = prop_oneof![1 => Just(0usize), 5 => 1..40usize, 3 => 40..5000usize];
    let step = prop_oneof![
        3 => any::<u16>().prop_map(Step::Part),
        1 => start.prop_map(|it| Step::Seek(SeekFrom::Start(it))),
        1 => by.clone().prop_map(|it| Step::Seek(SeekFrom::Current(it))),
        1 => by.prop_map(|it| Step::Seek(SeekFrom::End(it))),
        6 => len.clone().prop_map(Step::Read),
        3 => len.prop_map(Step::Glance),
    ];
    prop::collection::vec(step, 1..40)
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Missing),
        (0..50u64).prop_map(Fault::Short),
        (1..50u64).prop_map(Fault::Long),
        (1..50u64).prop_map(Fault::GoesOn),
        (1..4u32).prop_map(Fault::Unopenable),
        (0..50u64, 1..4u32).prop_map(|(at, n)| Fault::Unreadable(at, n)),
        (0..50u64).prop_map(Fault::EndsAt),
    ]
}

/// What is to be expected.
struct Model {
    nar: Vec<u8>,
    position: u64,
    /// Where nothing can be read, or can fail to be, and how.
    bad: Vec<(Range<u64>, Fault, ErrorKind)>,
}

impl Model {
    fn new(tree: &Tree, wrong: Option<(&Digest, Fault)>) -> Self {
        let mut bad = Vec::new();
        for (start, bytes) in contents(tree) {
            let is_wrong = |(it, fault): &(&Digest, Fault)| {
                **it == Digest::of(&bytes) && !matches!(fault, Fault::GoesOn(_))
            };
            let Some((_, fault)) = wrong.filter(is_wrong) else {
                continue;
            };
            let (from, kind) = match fault {
                Fault::Missing => (0, ErrorKind::NotFound),
                Fault::GoesOn(_) => unreachable!("it was left out"),
                Fault::Short(_) => (0, ErrorKind::UnexpectedEof),
                Fault::EndsAt(at) => (at, ErrorKind::UnexpectedEof),
                Fault::Long(_) => (0, ErrorKind::InvalidInput),
                Fault::Unopenable(_) => (0, ErrorKind::ConnectionReset),
                Fault::Unreadable(at, _) => (at, ErrorKind::ConnectionReset),
            };
            bad.push((start + from..start + bytes.len() as u64, fault, kind));
        }
        let nar = tree.nar();
        Self {
            nar,
            position: 0,
            bad,
        }
    }

    /// Where a seek leads; `None` where it is refused.
    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let len = i128::try_from(self.nar.len()).unwrap();
        let to = match to {
            SeekFrom::Start(to) => i128::from(to),
            SeekFrom::End(by) => len + i128::from(by),
            SeekFrom::Current(by) => i128::from(self.position) + i128::from(by),
        };
        let to = u64::try_from(to.min(len)).ok()?;
        self.position = to;
        Some(to)
    }

    /// Checks what a read into `room` bytes has given.
    fn read(&mut self, room: usize, found: io::Result<&[u8]>) {
        let at = self.position;
        let is_bad = |it: &&(Range<u64>, Fault, ErrorKind)| it.0.contains(&at);
        match found {
            Err(error) => {
                let bad = self.bad.iter().find(is_bad);
                let (_, _, kind) = bad.unwrap_or_else(|| panic!("at {at}: {error}"));
                assert_eq!(error.kind(), *kind, "{error}");
            }
            Ok(bytes) => {
                let from = usize::try_from(at).unwrap();
                let left = self.nar.len() - from;
                assert_eq!(
                    bytes.is_empty(),
                    room == 0 || left == 0,
                    "at {at} of {left} left"
                );
                assert!(bytes.len() <= room);
                assert_eq!(bytes, &self.nar[from..from + bytes.len()]);
                self.position += bytes.len() as u64;
                let taken = at..self.position;
                for (range, fault, _) in &self.bad {
                    let passes = matches!(fault, Fault::Unopenable(_) | Fault::Unreadable(..));
                    let is_apart =
                        bytes.is_empty() || range.start >= taken.end || range.end <= taken.start;
                    assert!(passes || is_apart, "{taken:?} of {range:?}, {fault:?}");
                }
            }
        }
    }
}

async fn hold(
    tree: Tree,
    steps: Vec<Step>,
    fault: Option<(prop::sample::Index, Fault)>,
    seed: u64,
) {
    let blobs = Unsteady::new(seed, 2 + seed % 5);
    let layout = laid_out(&tree, &blobs).await;
    let contents = contents(&tree);
    let contents = contents.iter().filter(|it| !it.1.is_empty());
    let digests: Vec<_> = contents
        .map(|it| (Digest::of(&it.1), it.1.len() as u64))
        .collect();
    let wrong = fault.filter(|_| !digests.is_empty()).map(|(at, fault)| {
        let (digest, size) = at.get(&digests);
        let fault = match fault {
            Fault::Short(n) => Fault::Short(n % size),
            Fault::EndsAt(n) => Fault::EndsAt(n % size),
            other => other,
        };
        (digest, fault)
    });
    if let Some((digest, fault)) = wrong {
        blobs.set_fault(*digest, fault);
    }
    let mut model = Model::new(&tree, wrong);
    assert_eq!(layout.len(), model.nar.len() as u64);
    let mut reader = NarReader::new(blobs.shared(), layout);
    for step in steps {
        take(&step, &mut reader, &mut model).await;
    }
    // Whatever happened, all of it can be read once nothing is wrong.
    blobs.heal();
    reader.rewind().await.unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).await.unwrap();
    assert!(all == model.nar);
}

async fn take(step: &Step, reader: &mut NarReader, model: &mut Model) {
    match *step {
        Step::Seek(to) => seek(to, reader, model).await,
        Step::Part(part) => {
            let to = (model.nar.len() as u64 * u64::from(part)) >> 16;
            seek(SeekFrom::Start(to), reader, model).await;
        }
        Step::Read(room) => {
            let mut bytes = vec![0; room];
            let found = reader.read(&mut bytes).await;
            model.read(room, found.map(|n| &bytes[..n]));
        }
        Step::Glance(room) => {
            let mut bytes = vec![0; room];
            let mut buf = ReadBuf::new(&mut bytes);
            let found = poll_fn(|cx| Poll::Ready(Pin::new(&mut *reader).poll_read(cx, &mut buf)));
            match found.await {
                Poll::Pending => assert_eq!(buf.filled().len(), 0),
                Poll::Ready(found) => model.read(room, found.map(|()| buf.filled())),
            }
        }
    }
}

async fn seek(to: SeekFrom, reader: &mut NarReader, model: &mut Model) {
    let found = reader.seek(to).await;
    match model.seek(to) {
        Some(at) => assert_eq!(found.unwrap(), at, "{to:?}"),
        None => assert_eq!(found.unwrap_err().kind(), ErrorKind::InvalidInput, "{to:?}"),
    }
    assert_eq!(reader.stream_position().await.unwrap(), model.position);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_seekable_reader_is_the_plain_one(
        tree in trees(),
        steps in steps(),
        fault in prop::option::of((any::<prop::sample::Index>(), faults())),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(hold(tree, steps, fault, seed));
    }
}
