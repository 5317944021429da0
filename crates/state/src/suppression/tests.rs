use super::*;
use crate::testing::fixture;

fn tag(number: u32) -> Tag {
    let mut tag = Tag([0; 16]);
    tag.0[..4].copy_from_slice(&number.to_be_bytes());
    tag
}

#[tokio::test]
async fn suppressed_tags_are_told_apart_from_others_and_last() {
    let fixture = fixture().await;
    let tags: Vec<Tag> = (0..1_200).map(tag).collect();
    fixture.state.suppress(&tags).await.unwrap();
    fixture.state.suppress(&tags[..3]).await.unwrap();

    let fixture = fixture.reopened().await;
    let asked: Vec<Tag> = (0..2_400).step_by(2).map(tag).collect();
    let told = fixture.state.suppressed(&asked).await.unwrap();
    assert_eq!(told, (0..1_200).map(|place| place < 600).collect::<Vec<_>>());
    assert_eq!(fixture.state.suppression().await.unwrap(), tags.into_iter().collect());
}

#[tokio::test]
async fn nobody_is_suppressed_at_first() {
    let fixture = fixture().await;
    fixture.state.suppress(&[]).await.unwrap();
    assert!(fixture.state.suppressed(&[]).await.unwrap().is_empty());
    assert_eq!(fixture.state.suppressed(&[tag(1)]).await.unwrap(), [false]);
    assert!(fixture.state.suppression().await.unwrap().is_empty());
}
