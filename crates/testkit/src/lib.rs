//! Real git servers and generators for tests and the demo.
