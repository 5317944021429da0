#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vermeil_protect::fuzzing::sealed_value(input));
