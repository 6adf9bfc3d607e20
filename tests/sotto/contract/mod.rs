//! The binding contract. Every check asks nothing but an API to talk to, so the same ones run on
//! events, on `cargo local`, on `cargo lambda watch` and on a deployed stack.

mod arrays;
mod bodies;
mod conventions;
mod conversations;
mod described;
mod flow;
mod messages;
mod sealed;
mod sessions;

use tests::api::Api;

/// Makes one test on events of each check, and `all` of them together.
macro_rules! checks {
    ($($room:ident::$check:ident),* $(,)?) => {
        /// How many checks hold everywhere.
        pub(crate) const EVERYWHERE: usize = [$( stringify!($check) ),*].len();

        mod on_events {
            #[tokio::test]
            async fn options_is_a_method_like_any_other() {
                let world = tests::world::World::new().await;
                super::conventions::options_is_a_method_like_any_other(&world.api()).await;
            }

            #[tokio::test]
            async fn bytes_that_are_no_text_are_refused() {
                let world = tests::world::World::new().await;
                super::bodies::bytes_that_are_no_text_are_refused(&world.api()).await;
            }

            $(
                #[tokio::test]
                async fn $check() {
                    let world = tests::world::World::new().await;
                    super::$room::$check(&world.api()).await;
                }
            )*
        }

        /// Runs every check that holds behind a gateway with CORS, one after the other.
        pub(crate) async fn all_deployed(api: &Api) {
            $( $room::$check(api).await; )*
        }

        /// Runs every check whose requests are text, one after the other: `cargo lambda watch`
        /// answers 500 itself to a JSON body that is not UTF-8, which API Gateway would hand over.
        pub(crate) async fn all_in_text(api: &Api) {
            all_deployed(api).await;
            conventions::options_is_a_method_like_any_other(api).await;
        }

        /// Runs every check, one after the other.
        pub(crate) async fn all(api: &Api) {
            all_in_text(api).await;
            bodies::bytes_that_are_no_text_are_refused(api).await;
        }
    };
}

checks![
    arrays::an_array_is_taken_for_no_object,
    bodies::a_body_over_64_kib_is_refused,
    bodies::every_content_type_but_two_is_refused,
    bodies::malformed_json_is_refused_without_being_repeated,
    bodies::unknown_fields_are_refused,
    conventions::a_page_of_another_site_gets_no_cors,
    conventions::a_token_is_asked_for,
    conventions::an_unknown_route_or_method_is_a_problem,
    conventions::health_answers_without_a_token,
    conversations::a_conversation_needs_consent,
    conversations::a_conversation_tells_its_life,
    conversations::a_lead_needs_consent_and_an_address,
    conversations::a_rating_is_one_to_five,
    conversations::closing_twice_is_closing_once,
    conversations::what_is_not_ones_own_is_not_there,
    flow::a_visitor_chats_and_reads_it_back,
    flow::the_same_sealed_with_each_published_key,
    messages::a_cursor_changes_nothing_but_the_cost,
    messages::a_log_of_more_than_a_megabyte_is_read_to_its_end,
    messages::events_without_text_end_a_page_early_and_lose_nothing,
    messages::a_key_is_required_and_is_visible_ascii,
    messages::asking_for_a_person_says_that_nobody_is_there,
    messages::odd_text_is_kept_byte_for_byte_or_refused,
    messages::pages_hold_every_message_once_in_order,
    messages::the_first_answer_says_that_a_bot_gives_it,
    messages::the_same_key_gives_the_first_response_again,
    messages::twins_at_the_same_instant_make_one_exchange,
    sealed::a_forged_body_is_refused_and_nothing_is_stored,
    sealed::a_sealed_answer_says_its_status_inside,
    sealed::a_sealed_refusal_is_sealed,
    sealed::the_key_list_is_signed_and_the_same_for_everybody,
    sessions::a_returning_visitor_keeps_the_subject,
    sessions::a_session_needs_a_site_that_exists,
];
