use super::*;
use crate::testing::{Fixture, fixture};

fn handed(id: &str, sent: u8) -> NewOpenDsr {
    NewOpenDsr {
        controller: "partner".to_owned(),
        id: id.to_owned(),
        sent: Tag([sent; 16]),
        callbacks: vec!["https://partner.example/told".to_owned(), "https://partner.example/too".to_owned()],
    }
}

async fn due(fixture: &Fixture) -> Vec<(i64, String, String)> {
    let taken = fixture.state.take_callbacks(10).await.unwrap();
    taken.into_iter().map(|due| (due.number, due.url, due.status)).collect()
}

#[tokio::test]
async fn an_id_is_of_one_controller_and_keeps_what_came_first() {
    let fixture = fixture().await;
    let first = fixture.state.note_opendsr(&handed("a", 1)).await.unwrap();
    let again = fixture.state.note_opendsr(&handed("a", 2)).await.unwrap();
    assert_eq!(again, first, "what came first holds");
    let other = NewOpenDsr { controller: "other".to_owned(), ..handed("a", 2) };
    assert_ne!(fixture.state.note_opendsr(&other).await.unwrap().request, first.request);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.opendsr("partner", "a").await.unwrap(), Some(first));
    assert_eq!(fixture.state.opendsr("partner", "b").await.unwrap(), None);
}

#[tokio::test]
async fn each_change_is_told_once_in_order_and_tried_again_until_it_is_given_up() {
    let fixture = fixture().await;
    let request = fixture.state.note_opendsr(&handed("a", 1)).await.unwrap().request;
    assert_eq!(fixture.state.opendsr_to_follow().await.unwrap(), [(request, "pending".to_owned())]);
    for _ in 0..2 {
        fixture.state.note_opendsr_change(request, ("pending", "in_progress")).await.unwrap();
    }
    fixture.state.note_opendsr_change(request, ("in_progress", "completed")).await.unwrap();
    assert!(fixture.state.opendsr_to_follow().await.unwrap().is_empty(), "nothing follows");
    let first = due(&fixture).await;
    let statuses: Vec<&str> = first.iter().map(|(.., status)| status.as_str()).collect();
    assert_eq!(statuses, ["in_progress", "in_progress"], "one for each address, the earlier first");
    assert!(due(&fixture).await.is_empty(), "somebody tells them");
    for (number, ..) in &first {
        fixture.state.end_callback(*number, Told::Yes).await.unwrap();
    }
    let second = due(&fixture).await;
    assert_eq!(second.len(), 2);
    for _ in 0..=TRIED_AGAIN.len() {
        fixture.state.end_callback(second[0].0, Told::No).await.unwrap();
    }
    let outcomes: Vec<Option<String>> =
        crate::sql::query_scalar("SELECT outcome FROM opendsr_callbacks ORDER BY callback")
            .fetch_all(fixture.state.readers())
            .await
            .unwrap();
    let outcomes: Vec<Option<&str>> = outcomes.iter().map(Option::as_deref).collect();
    assert_eq!(outcomes, [Some("told"), Some("told"), Some("given_up"), None]);
}
