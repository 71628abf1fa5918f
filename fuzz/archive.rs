//! What holds of every archive, whatever the bytes: reading never panics, and nothing that is to be
//! written leads out of its folder, or beyond what is taken.
//!
//! Both the fuzz target and the ordinary tests of the fetch crate run this.

use std::io::Read as _;
use std::sync::atomic::AtomicBool;

use fetch::tar::{Limits, Step, walk};

/// What is taken of an archive here.
pub(crate) const LIMITS: Limits = Limits {
    bytes: 4 << 20,
    entries: 200,
    depth: 12,
};

/// Every step is safe.
pub(crate) fn archive(bytes: &[u8]) {
    let mut written = 0;
    let walked = walk(bytes, &LIMITS, &AtomicBool::new(false), |step, body| {
        let paths = match &step {
            Step::File { path, size, .. } => {
                let read = std::io::copy(&mut body.take(*size), &mut std::io::sink());
                written += read.unwrap_or_default();
                vec![path]
            }
            Step::Folder(path) => vec![path],
            Step::Link { path, target } => {
                assert!(!target.is_empty() && !target.contains(&0));
                vec![path]
            }
            Step::Copy { from, to } => vec![from, to],
            _ => vec![],
        };
        for path in paths {
            assert!(!path.is_empty() && path.len() <= LIMITS.depth);
            for name in path {
                assert!(!name.is_empty() && name != "." && name != "..");
                assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control));
                assert!(!name.eq_ignore_ascii_case(".git"));
            }
        }
        assert!(written <= LIMITS.bytes);
        Ok(())
    });
    drop(walked);
}
