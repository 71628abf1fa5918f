//! What holds of every NAR, whatever the bytes: reading never panics, pieces tell the same as the
//! whole, and what is accepted is written back byte for byte.
//!
//! Both the fuzz target and the ordinary tests of the nix-format crate run this.

use std::io::Read as _;

use nix_format::nar::{DecodeError, Decoder, Event, FileKind, ReadError, Reader, Writer};

/// An event that owns what it tells; contents that follow one another are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Directory,
    Entry(Vec<u8>),
    EndDirectory,
    File(FileKind, u64, u64),
    Contents(Vec<u8>),
    EndFile,
    Symlink(Vec<u8>),
    End,
}

/// All events of some bytes, and how they end.
pub(crate) type Answer = (Vec<Told>, Result<(), DecodeError>);

/// Whole, in pieces of every small size, and from a stream: one answer; and back.
pub(crate) fn nar(bytes: &[u8]) {
    let whole = decode([bytes]);
    for size in [1, 2, 3, 7, 8, 9, 16, 40] {
        assert_eq!(decode(bytes.chunks(size)), whole, "pieces of {size}");
    }
    assert_eq!(read(bytes), whole, "from a stream");
    if whole.1.is_ok() {
        assert_eq!(encode(&whole.0), bytes);
    }
}

/// The answer to bytes that come in pieces.
pub(crate) fn decode<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Answer {
    let mut decoder = Decoder::default();
    let mut told = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.next_event(&mut piece) {
                Ok(Some(event)) => tell(&mut told, event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.finish(), Err(error.clone()));
                    return (told, Err(error));
                }
            }
        }
        assert!(piece.is_empty());
    }
    (told, decoder.finish())
}

/// The answer to a stream; every second file is read as one, the others come as events.
fn read(bytes: &[u8]) -> Answer {
    let mut reader = Reader::new(bytes);
    let mut told = Vec::new();
    let mut n_files = 0;
    loop {
        match reader.next_event() {
            Ok(Some(event)) => tell(&mut told, event),
            Ok(None) => return (told, Ok(())),
            Err(ReadError::Decode(error)) => return (told, Err(error)),
            Err(error) => panic!("bytes in memory: {error}"),
        }
        if let Some(Told::File(..)) = told.last() {
            n_files += 1;
            if n_files & 1 == 0 {
                let mut contents = Vec::new();
                // An error comes again with the next event.
                drop(reader.contents().read_to_end(&mut contents));
                if !contents.is_empty() {
                    told.push(Told::Contents(contents));
                }
            }
        }
    }
}

fn tell(told: &mut Vec<Told>, event: Event<'_>) {
    let one = match event {
        Event::Directory => Told::Directory,
        Event::Entry { name } => Told::Entry(name.to_owned()),
        Event::EndDirectory => Told::EndDirectory,
        Event::File { kind, size, offset } => Told::File(kind, size, offset),
        Event::Contents(bytes) => {
            assert!(!bytes.is_empty());
            if let Some(Told::Contents(all)) = told.last_mut() {
                all.extend_from_slice(bytes);
                return;
            }
            Told::Contents(bytes.to_owned())
        }
        Event::EndFile => Told::EndFile,
        Event::Symlink { target } => Told::Symlink(target.to_owned()),
        Event::End => Told::End,
    };
    told.push(one);
}

/// The NAR that events tell of.
fn encode(told: &[Told]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for it in told {
        let written = match it {
            Told::Directory => writer.directory(),
            Told::Entry(name) => writer.entry(name),
            Told::EndDirectory => writer.end_directory(),
            Told::File(kind, size, _) => writer.file(*kind, *size),
            Told::Contents(bytes) => writer.contents(bytes),
            Told::Symlink(target) => writer.symlink(target),
            Told::EndFile | Told::End => Ok(()),
        };
        written.expect("what is read can be written");
    }
    writer.finish().expect("what is read is whole")
}
