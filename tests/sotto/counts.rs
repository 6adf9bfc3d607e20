//! The cost of a request in calls, units and bytes. `cargo bench` prints the same figures.

#[path = "../bench/counted.rs"]
mod counted;

use counted::PURPOSES;
use shared::values::prices;
#[path = "../bench/crowd.rs"]
mod crowd;
#[path = "../bench/staff.rs"]
mod staff;

#[tokio::test]
async fn an_exchange_is_one_write_and_one_read_however_long_the_conversation() {
    for turns in [10, 100, 1_000] {
        let exchange = counted::exchanges(turns, false).await;
        assert_close(exchange.writes, 1.0);
        assert_close(exchange.requests, 2.0);
        assert_close(exchange.write_units, 1.0);
    }
}

#[tokio::test]
async fn with_the_cursor_an_exchange_is_one_request() {
    let exchange = counted::exchanges(100, true).await;
    assert_close(exchange.requests, 1.0);
    assert_close(exchange.writes, 1.0);
    assert_close(exchange.write_units, 1.0);
    assert_close(exchange.read_units, 0.0);
}

#[tokio::test]
async fn nine_hundred_bytes_of_text_take_one_write_unit() {
    let sized = counted::sized().await;
    assert_close(sized.write_units, 1.0);
    assert!(sized.overhead_bytes <= 120, "{} bytes beyond the text", sized.overhead_bytes);
}

/// Beside the polls eleven requests: the one for a person, five texts and five typing marks.
#[tokio::test]
async fn a_poll_that_finds_nothing_costs_two_small_reads() {
    let handed_over = counted::handed_over().await;
    let polls = f64::from(handed_over.polls);
    let units = handed_over.poll_units / polls;
    assert!(units <= 1.2, "{units} read units a poll, those that find something among them");
    let usd = handed_over.usd(polls + 11.0);
    assert!((usd - prices::HANDOVER_USD).abs() < 0.00001, "{usd} USD a hand-over");
}

#[tokio::test]
async fn a_warm_function_does_not_call_kms() {
    assert_eq!(counted::kms_calls_per_1000().await, 0);
}

#[tokio::test]
async fn a_new_function_serves_a_known_conversation_in_three_requests() {
    let touch = counted::first_touch().await;
    assert_eq!(touch.invocation, (3, 0), "its row, the end of its log, the write");
    assert!(touch.in_sequence <= 3, "{} calls in sequence", touch.in_sequence);
    assert_eq!(
        touch.init,
        (6, PURPOSES),
        "before the first invocation, the settings of the site, its two bases and the locks among them"
    );
}

#[tokio::test]
async fn kms_is_called_once_per_function_and_purpose_however_many_conversations() {
    for conversations in [20, 80] {
        let routed = counted::routed(10, conversations, 5).await;
        assert_eq!(routed.kms_calls, routed.functions * PURPOSES, "{} messages", routed.messages);
    }
}

#[tokio::test]
async fn eight_requests_at_once_share_one_call() {
    assert_eq!(counted::kms_calls_of_eight_at_once().await, PURPOSES);
}

#[tokio::test]
async fn a_sign_in_waits_for_two_calls_and_two_more() {
    let calls = staff::in_sequence().await;
    assert!(
        calls.password <= 2 && calls.second_factor <= 2,
        "{} {}",
        calls.password,
        calls.second_factor
    );
    assert_eq!(staff::verify_calls().await, 0);
}

fn assert_close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-9, "{left} is not {right}");
}

#[tokio::test]
async fn guests_who_erase_nothing_hold_up_nobody() {
    let seen = crowd::crowd(2, 6).await;
    assert_eq!((seen.erased, seen.failed, seen.contacts, seen.items), (6, 0, 0, 0));
    assert!(seen.of_nothing > 0, "there was a crowd");
}

#[tokio::test]
async fn an_exchange_is_counted_for_the_reports_by_one_query() {
    let (queries, once_a_batch) = counted::reported(5).await;
    assert_close(queries, 1.0);
    assert!(once_a_batch <= 2.0, "the hours of the site and the sum of the day: {once_a_batch}");
}
