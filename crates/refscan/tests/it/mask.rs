//! Masks and specs: what they take and what they refuse.

use proptest::prelude::*;
use refscan::{Mask, MaskError, NAME_MAX, SpecError, StoreSpec};

#[test]
fn what_ends_a_name_is_refused() {
    for byte in *b"\0 \t\n/\\" {
        let ends = Err(MaskError::Ends { byte });
        assert_eq!(Mask::new(&[b'a', byte]), ends);
        let mut flags = [false; 128];
        flags[usize::from(byte)] = true;
        assert_eq!(Mask::from_flags(flags), ends);
    }
    assert_eq!(
        Mask::new("ä".as_bytes()),
        Err(MaskError::NotAscii { byte: 0xc3 })
    );
}

#[test]
fn the_stores_are_those_of_their_makers() {
    let nix = StoreSpec::NIX;
    assert_eq!(nix.hash().bytes().count(), 32);
    assert!(b"eotu".iter().all(|&byte| !nix.hash().contains(byte)));
    assert_eq!(StoreSpec::YZIX.hash().bytes().count(), 64);
    assert_eq!(nix.rest().bytes().count(), 26 + 26 + 10 + 6);
    assert_eq!(
        format!("{:?}", Mask::new(b"a\"b").unwrap()),
        "Mask(\"\\\"ab\")"
    );
}

#[test]
fn specs_that_no_path_fits_are_refused() {
    for path in ["/", "/nix/store/", "C:\\nix\\"] {
        assert_eq!(
            StoreSpec::NIX.at(path.as_bytes()),
            Err(SpecError::TrailingSeparator)
        );
    }
    for length in [0, NAME_MAX + 1] {
        let spec = StoreSpec::NIX;
        assert_eq!(
            StoreSpec::new(b"", spec.hash(), length, spec.rest()),
            Err(SpecError::HashLength { length })
        );
    }
    assert!(StoreSpec::NIX.at(b"").is_ok());
}

proptest! {
    #[test]
    fn a_mask_holds_what_it_was_made_of(flags: [bool; 32], shift in 0_usize..=96) {
        let mut all = [false; 128];
        all[shift..shift + 32].copy_from_slice(&flags);
        for byte in *b"\0 \t\n/\\" {
            all[usize::from(byte)] = false;
        }
        let mask = Mask::from_flags(all).unwrap();
        prop_assert_eq!(mask.to_flags(), all);
        prop_assert_eq!(<[bool; 128]>::from(mask), all);
        prop_assert_eq!(Mask::try_from(all), Ok(mask));
        let bytes: Vec<u8> = mask.bytes().collect();
        prop_assert_eq!(Mask::new(&bytes), Ok(mask));
        prop_assert_eq!(Mask::try_from(&bytes[..]), Ok(mask));
        for byte in 0..=u8::MAX {
            let is_in = all.get(usize::from(byte)).copied().unwrap_or(false);
            prop_assert_eq!(mask.contains(byte), is_in);
        }
    }
}
