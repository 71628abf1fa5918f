//! What holds of every search, whatever the bytes: it finds what the plainest search finds, in one
//! slice, in pieces and in place.
//!
//! Both the fuzz targets and the ordinary tests of the refscan crate run these.

use refscan::{Candidates, Hit, Mask, ReferenceFeed, StoreSpec, references};

/// References of any bytes, after a store that the first byte chooses.
pub(crate) fn discovery(bytes: &[u8]) {
    let [choice, cut, bytes @ ..] = bytes else {
        return;
    };
    let spec = match choice % 5 {
        0 => StoreSpec::NIX,
        1 => StoreSpec::YZIX,
        2 => small(b""),
        3 => small(b"s/0a"),
        _ => small(b"/s"),
    };
    let bytes = &dense(*choice, b"/\\s0a-.\x80 ixnstore", bytes)[..];
    let plain = plain_references(bytes, &spec);
    let shared: Vec<_> = references(bytes, &spec)
        .with_offsets()
        .map(|(at, name)| (at, name.to_vec()))
        .collect();
    assert_eq!(shared, plain, "a slice");
    let mut copy = bytes.to_vec();
    let rewritten: Vec<_> = references(&mut copy[..], &spec)
        .with_offsets()
        .map(|(at, name)| {
            let was = name.to_vec();
            name.fill(b'/');
            (at, was)
        })
        .collect();
    assert_eq!(rewritten, plain, "in place");
    let mut fed = Vec::new();
    let mut feed = ReferenceFeed::new(&spec);
    for piece in pieces(bytes, *cut) {
        feed.feed(piece, |at, name| fed.push((at as usize, name.to_vec())));
    }
    feed.finish(|at, name| fed.push((at as usize, name.to_vec())));
    assert_eq!(fed, plain, "in pieces");
}

/// Candidates in any bytes, some of them cut out of the bytes.
pub(crate) fn candidates(bytes: &[u8]) {
    let [choice, cut, seed, bytes @ ..] = bytes else {
        return;
    };
    let spec = match choice % 4 {
        0 => StoreSpec::YZIX,
        1 => small(b""),
        _ => StoreSpec::NIX,
    };
    let bytes = &dense(*choice, b"0123456789abcdfghijklmnpqrsvwxyz0a/ e", bytes)[..];
    let length = spec.hash_len();
    let mut wanted: Vec<Vec<u8>> = bytes
        .windows(length)
        .step_by(usize::from(*seed % 13) + 1)
        .map(<[u8]>::to_vec)
        .take(40)
        .collect();
    wanted.push(vec![b'0'; length]);
    wanted.retain(|it| it.iter().all(|&byte| spec.hash().contains(byte)));
    let candidates = Candidates::new(&spec, &wanted).expect("each is a hash part");
    let plain = plain_hits(bytes, &wanted);
    assert_eq!(candidates.hits(bytes).collect::<Vec<_>>(), plain, "a slice");
    let mut fed = Vec::new();
    let mut search = candidates.search();
    for piece in pieces(bytes, *cut) {
        search.feed(piece, |hit| fed.push(hit));
    }
    assert_eq!(fed, plain, "in pieces");
    let mut end = 0;
    let mut apart = plain;
    apart.retain(|hit| {
        let is_apart = hit.offset >= end;
        end = if is_apart {
            hit.offset + length as u64
        } else {
            end
        };
        is_apart
    });
    let mut copy = bytes.to_vec();
    for hit in candidates.hits_mut(&mut copy) {
        hit.hash.fill(b'/');
    }
    assert_eq!(candidates.hits_mut(&mut copy).next(), None, "all of them");
    for hit in apart {
        let place = hit.offset as usize..hit.offset as usize + length;
        assert!(copy[place.clone()].iter().all(|&byte| byte == b'/'));
        copy[place].copy_from_slice(&wanted[hit.candidate]);
    }
    assert_eq!(copy, bytes, "there and back");
}

/// A store whose names are short, so that any bytes have some.
fn small(path_to_store: &[u8]) -> StoreSpec<'_> {
    let hash = Mask::new(b"0a").expect("plain letters");
    let rest = Mask::new(b"0a-s").expect("plain letters");
    StoreSpec::new(path_to_store, hash, 2, rest).expect("no separator at its end")
}

/// The bytes, or letters in their stead.
fn dense(choice: u8, letters: &[u8], bytes: &[u8]) -> Vec<u8> {
    if choice >= 0x80 {
        return bytes.to_vec();
    }
    // Few of the letters, or all.
    let n_letters = if choice >= 0x40 { 6 } else { letters.len() };
    let letter = |&byte: &u8| letters[usize::from(byte) % n_letters];
    bytes.iter().map(letter).collect()
}

/// Cuts into pieces of `cut` bytes; at every other, of none and of all lengths in turn.
fn pieces(bytes: &[u8], cut: u8) -> Vec<&[u8]> {
    if cut > 0 && cut < 0x80 {
        return bytes.chunks(usize::from(cut)).collect();
    }
    let (mut rest, mut length, mut all) = (bytes, usize::from(cut & 0x7f), Vec::new());
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(length.min(rest.len()));
        all.push(piece);
        rest = more;
        length = (length * 5 + 1) % 97;
    }
    all
}

/// Every place where a name may stand, one after another.
fn plain_references(bytes: &[u8], spec: &StoreSpec<'_>) -> Vec<(usize, Vec<u8>)> {
    let name_at = |at: usize| {
        let before = bytes[..at].strip_suffix(b"/");
        let before = before.or_else(|| bytes[..at].strip_suffix(b"\\"))?;
        let name: Vec<u8> = (at..bytes.len().min(at + 255))
            .map(|place| (place - at, bytes[place]))
            .take_while(|&(place, byte)| match place < spec.hash_len() {
                true => spec.hash().contains(byte),
                false => spec.rest().contains(byte),
            })
            .map(|(_, byte)| byte)
            .collect();
        let is_one = before.ends_with(spec.path_to_store()) && name.len() >= spec.hash_len();
        is_one.then_some((at, name))
    };
    (0..=bytes.len()).filter_map(name_at).collect()
}

/// Every window, compared with every candidate.
fn plain_hits(bytes: &[u8], wanted: &[Vec<u8>]) -> Vec<Hit> {
    let Some(length) = wanted.first().map(Vec::len) else {
        return Vec::new();
    };
    let windows = (0..).zip(bytes.windows(length));
    windows
        .filter_map(|(offset, window)| {
            let candidate = wanted.iter().position(|it| it == window)?;
            Some(Hit { offset, candidate })
        })
        .collect()
}
