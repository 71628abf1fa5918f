//! The decoder: what it tells of good NARs, its limits, and the reader around it.

use std::io::{self, Read};

use nix_format::nar::{DecodeError, Decoder, Event, FileKind, Limits, ReadError, Reader, Writer};

use crate::property::Told;
use crate::property::decode;

fn nar(print: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    print(&mut writer).unwrap();
    writer.finish().unwrap()
}

/// Folders in each other, as many.
fn deep(depth: usize) -> Vec<u8> {
    nar(|it| {
        it.directory()?;
        for _ in 1..depth {
            it.entry(b"a")?;
            it.directory()?;
        }
        (0..depth).try_for_each(|_| it.end_directory())
    })
}

#[track_caller]
fn check(limits: Limits, nar: &[u8], expected: Result<(), &str>) {
    let mut decoder = Decoder::new(limits);
    let mut piece = nar;
    let ended = loop {
        match decoder.next_event(&mut piece) {
            Ok(Some(_)) => {}
            Ok(None) => break decoder.finish(),
            Err(error) => break Err(error),
        }
    };
    let ended = ended.map_err(|it| it.to_string());
    assert_eq!(ended, expected.map_err(str::to_owned));
}

#[test]
fn events_are_told_in_order_with_offsets() {
    let nar = nar(|it| {
        it.directory()?;
        it.entry(b"a")?;
        it.file(FileKind::Executable, 3)?;
        it.contents(b"abc")?;
        it.entry(b"b")?;
        it.directory()?;
        it.end_directory()?;
        it.entry(b"c")?;
        it.symlink(b"x")?;
        it.end_directory()
    });
    let (told, ended) = decode([nar.as_slice()]);
    assert_eq!(ended, Ok(()));
    assert_eq!(
        told,
        [
            Told::Directory,
            Told::Entry(b"a".to_vec()),
            Told::File(FileKind::Executable, 3, 264),
            Told::Contents(b"abc".to_vec()),
            Told::EndFile,
            Told::Entry(b"b".to_vec()),
            Told::Directory,
            Told::EndDirectory,
            Told::Entry(b"c".to_vec()),
            Told::Symlink(b"x".to_vec()),
            Told::EndDirectory,
            Told::End,
        ]
    );
    assert_eq!(&nar[264..267], b"abc");
}

#[test]
fn contents_are_not_copied() {
    let bytes = vec![7; 100_000];
    let nar = nar(|it| {
        it.file(FileKind::Regular, bytes.len() as u64)?;
        it.contents(&bytes)
    });
    let mut decoder = Decoder::default();
    let mut piece = nar.as_slice();
    let mut n_seen = 0;
    while let Some(event) = decoder.next_event(&mut piece).unwrap() {
        if let Event::Contents(contents) = event {
            assert_eq!(contents.len(), bytes.len());
            assert!(nar.as_ptr_range().contains(&contents.as_ptr()));
            n_seen += 1;
        }
    }
    assert_eq!(n_seen, 1);
    assert_eq!(decoder.position(), nar.len() as u64);
}

#[test]
fn limits_hold_and_not_a_byte_early() {
    let limits = Limits {
        depth: 3,
        name_bytes: 2,
        target_bytes: 4,
    };
    check(limits, &deep(3), Ok(()));
    let at_depth = "more than 3 directories in each other, at byte 464 of the NAR";
    check(limits, &deep(4), Err(at_depth));
    let named = |name: &[u8], target: &[u8]| {
        nar(|it| {
            it.directory()?;
            it.entry(name)?;
            it.symlink(target)?;
            it.end_directory()
        })
    };
    check(limits, &named(b"ab", b"abcd"), Ok(()));
    let name = "a name of 3 bytes, at byte 128 of the NAR, is beyond the limit of 2";
    check(limits, &named(b"abc", b"abcd"), Err(name));
    let target = "a target of 5 bytes, at byte 224 of the NAR, is beyond the limit of 4";
    check(limits, &named(b"ab", b"abcde"), Err(target));
}

#[test]
fn depth_costs_no_stack() {
    let limits = Limits {
        depth: 100_000,
        ..Limits::default()
    };
    check(limits, &deep(100_000), Ok(()));
}

/// A stream that is interrupted, gives few bytes at a time, and may fail.
struct Slow<'a> {
    bytes: &'a [u8],
    n_calls: usize,
    fails: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.n_calls += 1;
        if self.n_calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.bytes.is_empty() && self.fails {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let n_bytes = buf.len().min(5).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(n_bytes);
        buf[..n_bytes].copy_from_slice(now);
        self.bytes = later;
        Ok(n_bytes)
    }
}

#[test]
fn a_reader_gives_contents_as_a_stream() {
    let nar = nar(|it| {
        it.directory()?;
        for (name, size) in [("a", 3_u64), ("b", 300_000), ("c", 0)] {
            it.entry(name.as_bytes())?;
            it.file(FileKind::Regular, size)?;
            let contents = vec![b'x'; size as usize];
            contents
                .chunks(1_000)
                .try_for_each(|bytes| it.contents(bytes))?;
        }
        it.end_directory()
    });
    let mut reader = Reader::new(Slow {
        bytes: &nar,
        n_calls: 0,
        fails: false,
    });
    let mut sizes = Vec::new();
    while let Some(event) = reader.next_event().unwrap() {
        assert!(!matches!(event, Event::Contents(_)), "all were read");
        if let Event::File { .. } = event {
            let mut contents = Vec::new();
            reader.contents().read_to_end(&mut contents).unwrap();
            assert!(contents.iter().all(|&it| it == b'x'));
            sizes.push(contents.len());
        }
    }
    assert_eq!(sizes, [3, 300_000, 0]);
    assert_eq!(reader.position(), nar.len() as u64);
}

#[test]
fn a_stream_that_fails_or_ends_is_told_with_its_place() {
    let nar = nar(|it| {
        it.file(FileKind::Regular, 100)?;
        it.contents(&[b'x'; 100])
    });
    for fails in [false, true] {
        let mut reader = Reader::new(Slow {
            bytes: &nar[..150],
            n_calls: 0,
            fails,
        });
        let event = reader.next_event().unwrap();
        assert!(matches!(event, Some(Event::File { offset: 96, .. })));
        let mut contents = Vec::new();
        let error = reader.contents().read_to_end(&mut contents).unwrap_err();
        assert_eq!(contents.len(), 54);
        let expected = if fails {
            io::ErrorKind::ConnectionReset
        } else {
            io::ErrorKind::UnexpectedEof
        };
        assert_eq!(error.kind(), expected);
        match reader.next_event().unwrap_err() {
            ReadError::Decode(DecodeError::Truncated { at: 150, .. }) => assert!(!fails),
            ReadError::Io { at: 150, .. } => assert!(fails),
            other => panic!("{other}"),
        }
    }
}
