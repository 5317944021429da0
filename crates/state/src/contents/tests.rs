use super::*;
use crate::sql;
use crate::testing::fixture;

async fn stored(state: &StateDatabase) -> (usize, Vec<StoredColumn>) {
    let mut contents = state.stored_contents().await.unwrap();
    let (tables, mut stored) = (contents.tables(), Vec::new());
    while let Some(column) = contents.next().await.unwrap() {
        stored.push(column);
    }
    (tables, stored)
}

#[tokio::test]
async fn all_rows_of_all_tables_of_a_server_are_handed_out() {
    let fixture = fixture().await;
    let tags: Vec<_> = (0..600_u64)
        .map(|number| {
            let mut tag = vermeil_model::Tag([0xA5; 16]);
            tag.0[..8].copy_from_slice(&number.to_be_bytes());
            tag
        })
        .collect();
    fixture.state.suppress(&tags).await.unwrap();
    let run = fixture.state.begin_run("a run's kind").await.unwrap();
    // Whoever else keeps something there keeps it under the same roof.
    let mut change = fixture.state.begin().await.unwrap();
    let foreign = "CREATE TABLE \"A guest's\" (\"its \"\"name\"\"\" VARCHAR(20), amount NUMERIC(9, 2));
        INSERT INTO \"A guest's\" VALUES ('Zo\u{eb}', 12.50), (NULL, NULL)";
    sql::raw_sql(foreign).execute(&mut change).await.unwrap();
    fixture.state.commit(change).await.unwrap();

    let (tables, stored) = stored(&fixture.state).await;
    if fixture.state.location().file().is_some() {
        assert_eq!((tables, stored), (0, Vec::new()), "the file is searched as it lies");
        return;
    }
    assert!(tables > 20, "{tables} tables");
    let of = |table: &str, column: &str| {
        let mut values = (Vec::new(), Vec::new());
        for found in
            stored.iter().filter(|found| (found.table.as_str(), found.column.as_str()) == (table, column))
        {
            match &found.values {
                StoredValues::Numbers(numbers) => values.0.extend(numbers),
                StoredValues::Bytes(bytes) => values.1.extend(bytes.iter().cloned()),
            }
        }
        values
    };
    let (_, mut found) = of("suppression", "tag");
    found.sort_unstable();
    assert_eq!(found, tags.iter().map(|tag| tag.0.to_vec()).collect::<Vec<_>>());
    assert_eq!(of("runs", "run"), (vec![run], Vec::new()));
    assert_eq!(of("runs", "kind"), (Vec::new(), vec![b"a run's kind".to_vec()]));
    assert_eq!(of("A guest's", "its \"name\""), (Vec::new(), vec!["Zo\u{eb}".as_bytes().to_vec()]));
    assert_eq!(of("A guest's", "amount"), (Vec::new(), vec![b"12.50".to_vec()]));
}
