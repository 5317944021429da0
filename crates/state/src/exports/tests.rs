use super::*;
use crate::testing::{check_code, fixture};

#[tokio::test]
async fn an_export_that_never_ended_is_known_all_the_same() {
    let fixture = fixture().await;
    let (purpose, role) = (Purpose("marketing".to_owned()), Role("marketer".to_owned()));
    let begin = || fixture.state.begin_export("mailer", &purpose, &role, "ada");
    let (cut_off, whole) = (begin().await.unwrap(), begin().await.unwrap());
    fixture.state.end_export(whole, 7).await.unwrap();
    let exports = fixture.again().await.exports().await.unwrap();
    let told: Vec<_> =
        exports.iter().map(|export| (export.number, export.ended.map(|ended| ended.1))).collect();
    assert_eq!(told, [(cut_off, None), (whole, Some(7))]);
    assert_eq!((exports[0].recipient.as_str(), &exports[0].purpose), ("mailer", &purpose));
}

#[tokio::test]
async fn who_was_in_an_export_is_known_until_they_are_forgotten() {
    let fixture = fixture().await;
    let (purpose, role) = (Purpose("marketing".to_owned()), Role("marketer".to_owned()));
    let number = fixture.state.begin_export("mailer", &purpose, &role, "ada").await.unwrap();
    let epoch = fixture.state.erasure_epoch().await.unwrap();
    let tags: Vec<Tag> = (0..900u16)
        .map(|number| Tag([number as u8, (number >> 8) as u8].repeat(8).try_into().unwrap()))
        .collect();
    fixture.state.keep_handles(number, epoch, &tags).await.unwrap();
    // The next export holds the same people.
    fixture.state.keep_handles(number, epoch, &tags[..10]).await.unwrap();
    let (known, stranger) = (tags[700], Tag([9, 9, 9, 9, 9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 8, 8]));
    assert_eq!(fixture.state.known_handles(&[known, stranger]).await.unwrap(), [known]);
    assert!(fixture.state.exports().await.unwrap()[0].has_handles);
    fixture.state.forget_handles(&[known]).await.unwrap();
    assert_eq!(fixture.state.known_handles(&[known, tags[1]]).await.unwrap(), [tags[1]]);
}

#[tokio::test]
async fn an_export_that_an_erasure_overtook_hands_nobody_over() {
    let fixture = fixture().await;
    let (purpose, role) = (Purpose("marketing".to_owned()), Role("marketer".to_owned()));
    let number = fixture.state.begin_export("mailer", &purpose, &role, "ada").await.unwrap();
    let epoch = fixture.state.erasure_epoch().await.unwrap();
    fixture.state.suppress(&[Tag([1; 16])]).await.unwrap();
    check_code(fixture.state.keep_handles(number, epoch, &[Tag([2; 16])]).await, "export-overtaken");
    assert!(fixture.state.known_handles(&[Tag([2; 16])]).await.unwrap().is_empty());
}
