//! A set of hash parts that says no fast.
//!
//! In dense bytes nearly every place is asked for and nearly none is a candidate, so a filter that
//! needs eight bytes and one word of memory answers first. What passes it goes by a directory to the
//! few candidates of the same prefix, and among those by bisection: however candidates are chosen,
//! a look-up takes no more steps than the logarithm of their number.

use alloc::vec::Vec;

/// The bytes that the filter looks at.
const PREFIX: usize = 8;

/// Hash parts of one length.
pub(super) struct Table {
    length: usize,
    /// The hash parts end to end, sorted by key and then by bytes.
    hashes: Vec<u8>,
    /// The number of each, as it was given.
    numbers: Vec<u32>,
    /// For each value of a key's top bits, where its hash parts begin; one more for the end.
    directory: Vec<u32>,
    /// What to shift a key by, to get its place in `directory`.
    directory_shift: u32,
    /// For each value of a key's top bits, two bits for each key that has it.
    filter: Vec<u64>,
    /// What to shift a key by, to get its place in `filter`.
    filter_shift: u32,
}

/// Collects hash parts.
pub(super) struct Builder {
    length: usize,
    hashes: Vec<u8>,
    n_hashes: u32,
}

impl Builder {
    pub(super) fn new(length: usize) -> Self {
        Self {
            length,
            hashes: Vec::new(),
            n_hashes: 0,
        }
    }

    /// Adds a hash part of the right length; none where there are too many.
    pub(super) fn push(&mut self, hash: &[u8]) -> Option<()> {
        self.n_hashes = self.n_hashes.checked_add(1)?;
        self.hashes.extend_from_slice(hash);
        Some(())
    }

    pub(super) fn finish(self) -> Table {
        let hash = |number: u32| hash_at(&self.hashes, self.length, number as usize);
        let mut sorted: Vec<_> = (0..self.n_hashes)
            .map(|it| (key(hash(it), self.length), it))
            .collect();
        sorted.sort_unstable_by(|a, b| (a.0, hash(a.1), a.1).cmp(&(b.0, hash(b.1), b.1)));
        sorted.dedup_by(|later, first| hash(later.1) == hash(first.1));
        let directory_bits = sorted.len().next_power_of_two().trailing_zeros().max(1);
        // 16 to 32 bits a hash part.
        let filter_bits = directory_bits.saturating_sub(2).max(6);
        let mut table = Table {
            length: self.length,
            hashes: Vec::with_capacity(sorted.len() * self.length),
            numbers: sorted.iter().map(|it| it.1).collect(),
            directory: Vec::with_capacity((1 << directory_bits) + 1),
            directory_shift: 64 - directory_bits,
            filter: alloc::vec![0; 1 << filter_bits],
            filter_shift: 64 - filter_bits,
        };
        for (place, &(key, number)) in (0..).zip(&sorted) {
            table.hashes.extend_from_slice(hash(number));
            table.filter[(key >> table.filter_shift) as usize] |= filter_word(key);
            let slot = (key >> table.directory_shift) as usize;
            while table.directory.len() <= slot {
                table.directory.push(place);
            }
        }
        let n_slots = (1 << directory_bits) + 1;
        let end = u32::try_from(sorted.len()).unwrap_or(self.n_hashes);
        table.directory.resize(n_slots, end);
        table
    }
}

impl Table {
    /// The number of distinct hash parts.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns those of `starts` where a hash part may begin: all where one does, few others.
    ///
    /// The lowest bit is the first byte; there is a whole hash part from each start on.
    pub(super) fn may_begin(&self, bytes: &[u8], starts: u64) -> u64 {
        let (mut left, mut found) = (starts, 0);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let key = self.key(&bytes[at as usize..]);
            let word = filter_word(key);
            let has_both = self.filter[(key >> self.filter_shift) as usize] & word == word;
            // Without a branch that is hard to foretell.
            found |= u64::from(has_both) << at;
        }
        found
    }

    /// Finds which hash part `bytes` begin with; they are at least as long as one.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.look_up(self.key(bytes), bytes.get(..self.length)?)
    }

    #[inline]
    fn key(&self, bytes: &[u8]) -> u64 {
        key(bytes, self.length)
    }

    fn look_up(&self, key: u64, wanted: &[u8]) -> Option<usize> {
        let slot = (key >> self.directory_shift) as usize;
        let (mut least, mut end) = (
            self.directory[slot] as usize,
            self.directory[slot + 1] as usize,
        );
        while least < end {
            let middle = least + (end - least) / 2;
            let found = hash_at(&self.hashes, self.length, middle);
            match (self.key(found), found).cmp(&(key, wanted)) {
                core::cmp::Ordering::Less => least = middle + 1,
                core::cmp::Ordering::Equal => return Some(self.numbers[middle] as usize),
                core::cmp::Ordering::Greater => end = middle,
            }
        }
        None
    }
}

fn hash_at(hashes: &[u8], length: usize, place: usize) -> &[u8] {
    &hashes[place * length..(place + 1) * length]
}

/// Spreads the first eight bytes of the hash part that `bytes` begin with over 64 bits.
#[inline]
fn key(bytes: &[u8], length: usize) -> u64 {
    let prefix = match bytes.first_chunk::<PREFIX>() {
        Some(prefix) if length >= PREFIX => *prefix,
        _ => {
            let mut prefix = [0; PREFIX];
            let length = length.min(bytes.len()).min(PREFIX);
            prefix[..length].copy_from_slice(&bytes[..length]);
            prefix
        }
    };
    // The golden ratio: each bit of the prefix reaches the upper half of the product or stays in
    // the lower, and so both ends of their sum by bits.
    let product = u128::from(u64::from_le_bytes(prefix)) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

/// Two of 64 bits, by the lower bits of a key; the upper ones choose the word.
#[inline]
fn filter_word(key: u64) -> u64 {
    1 << (key & 63) | 1 << (key >> 6 & 63)
}
