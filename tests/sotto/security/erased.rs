//! An erased conversation answers 410 to its owner, and 404 to everybody else.

use aws_sdk_dynamodb::types::AttributeValue;
use tests::api::Api;
use tests::visitor::Visitor;
use tests::world::World;

#[tokio::test]
async fn an_erased_conversation_is_gone() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    visitor.say(&conversation, "hello").await;
    let (table, mut row) = world
        .all_items()
        .await
        .into_iter()
        .find(|(table, _)| table.ends_with("keys"))
        .expect("a key row");
    for attribute in ["w", "m"] {
        row.remove(attribute);
    }
    row.insert("later".to_owned(), AttributeValue::Bool(true));
    world.dynamo().put_item().table_name(table).set_item(Some(row)).send().await.expect("a put");

    let cold = Api::Events(intake::router(world.another_function()));
    let visitor = Visitor { api: cold.clone(), ..visitor };
    let gone = (410, "erased".to_owned());
    assert_eq!(visitor.get(&conversation).await.refusal(), gone);
    assert_eq!(visitor.get(&format!("{conversation}/messages")).await.refusal(), gone);
    assert_eq!(visitor.say(&conversation, "hello?").await.refusal(), gone);
    let stranger = Visitor::arrive(cold).await;
    assert_eq!(stranger.get(&conversation).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_warm_function_forgets_the_key_within_sixty_seconds() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let conversation = visitor.open().await;
    let keys = world.all_items().await.into_iter().filter(|(table, _)| table.ends_with("keys"));
    for (table, row) in keys {
        world
            .dynamo()
            .delete_item()
            .table_name(table)
            .key("u", row["u"].clone())
            .key("c", row["c"].clone())
            .send()
            .await
            .expect("a delete");
    }
    world.advance_seconds(60);
    assert_eq!(visitor.get(&conversation).await.refusal(), (404, "not_found".to_owned()));
}
