use super::*;
use crate::testing::fixture;

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
