use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

#[test]
fn who_guesses_is_not_looked_at_for_a_while_and_others_are() {
    let refusals = Refusals::default();
    let start = Instant::now();
    for _ in 0..LOOKED_AT {
        assert!(refusals.allow(HERE, start));
        refusals.remember(HERE, start);
    }
    assert!(!refusals.allow(HERE, start));
    assert!(refusals.allow(THERE, start));
    assert!(!refusals.allow(HERE, start + WINDOW - Duration::from_millis(1)));
    assert!(refusals.allow(HERE, start + WINDOW));
    refusals.remember(HERE, start + WINDOW);
    assert!(refusals.allow(HERE, start + WINDOW), "a new window has its own count");
}

#[test]
fn addresses_are_forgotten_when_there_are_many() {
    let refusals = Refusals::default();
    let start = Instant::now();
    for number in 0..REMEMBERED {
        let number = u32::try_from(number).expect("few");
        refusals.remember(IpAddr::V4(number.into()), start);
    }
    refusals.remember(HERE, start + WINDOW);
    assert_eq!(refusals.0.lock().expect("whole").len(), 1);
}
