//! The content tree of an atom: its folder less the atoms below it.
