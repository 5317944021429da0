use std::fs;

use super::*;

/// Whether the system says that it keeps the memory at `address` (`lo` among
/// the flags of its mapping, see `proc_pid_smaps(5)`).
fn system_says_locked(address: usize) -> bool {
    let maps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in maps.lines() {
        let mut words = line.split(' ');
        let range = words.next().and_then(|range| range.split_once('-'));
        let bounds = range.and_then(|(from, to)| {
            Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
        });
        match bounds {
            Some((from, to)) => inside = (from..to).contains(&address),
            None if inside && line.starts_with("VmFlags:") => return words.any(|flag| flag == "lo"),
            None => {}
        }
    }
    panic!("the address is in no mapping");
}

#[test]
fn what_claims_to_be_locked_is() {
    let bytes = LockedBytes::zeroed(8192);
    assert_eq!(system_says_locked(bytes.as_ptr() as usize), bytes.is_locked());
    assert_eq!(system_says_locked(bytes.as_ptr() as usize + 8191), bytes.is_locked());
}

#[test]
fn each_has_pages_of_its_own() {
    let page = region::page::size();
    let many: Vec<_> = [1, 32, page - 1, page, page + 1, 1].map(LockedBytes::zeroed).into();
    let mut taken = std::collections::HashSet::new();
    for bytes in &many {
        let (first, last) = (bytes.as_ptr() as usize, bytes.as_ptr() as usize + bytes.len() - 1);
        assert_eq!(first % page, 0);
        assert!((first / page..=last / page).all(|place| taken.insert(place)));
    }
    // Dropping one leaves its neighbours locked.
    let [first, .., last] = &many[..] else { unreachable!() };
    let locked = (first.is_locked(), last.is_locked());
    drop(LockedBytes::zeroed(1));
    assert_eq!(
        (system_says_locked(first.as_ptr() as usize), system_says_locked(last.as_ptr() as usize)),
        locked
    );
}

#[test]
fn what_is_written_is_read() {
    let mut bytes = LockedBytes::copy_of(&[7; 5000]);
    assert_eq!(*bytes, [7; 5000]);
    bytes[4999] = 1;
    assert_eq!(bytes[4999], 1);
    assert!(LockedBytes::zeroed(0).is_empty());
    assert_eq!(format!("{bytes:?}"), "LockedBytes { len: 5000, .. }");
}

#[test]
fn more_than_the_system_locks_is_served_all_the_same() {
    // More than the limit of an ordinary user, and than a test may ask of the machine to keep.
    let (soft, _) = rlimit::getrlimit(rlimit::Resource::MEMLOCK).unwrap();
    let len = usize::try_from(soft.min(64 << 20)).unwrap() + 1;
    let mut bytes = LockedBytes::zeroed(len);
    bytes[len - 1] = 1;
    assert_eq!(bytes[len - 1], 1);
    assert_eq!(system_says_locked(bytes.as_ptr() as usize), bytes.is_locked());
}
