//! `cargo run --release --bin simulate`: prints what detection finds in simulated quarters, by attack and
//! strength, and how often it is wrong. With `tuned` it plays the seeds by which the rules were chosen.

#![expect(clippy::print_stdout, reason = "it prints a table")]

use simulator::{REPORTED, Strength, TUNED, score};

fn main() {
    let tuned = std::env::args().any(|argument| argument == "tuned");
    let seeds = if tuned { TUNED } else { REPORTED };
    let which = if tuned { "by which the rules were chosen" } else { "that nobody has tuned on" };
    println!(
        "{} quarters, seeds {} to {} {which}",
        seeds.end - seeds.start,
        seeds.start,
        seeds.end - 1
    );
    let score = score(seeds);
    println!("{} events of ordinary life\n", score.events);
    println!("{:40} {:>24} {:>24} {:>24}", "attack", "weak", "medium", "strong");
    for (name, found) in &score.attacks {
        print!("{name:40}");
        for one in found {
            let (share, events, seconds) = (one.share() * 100.0, one.events, one.seconds);
            print!(" {:>24}", format!("{share:.0} %, {events} events, {seconds} s"));
        }
        println!();
    }
    print!("{:40}", "all");
    for strength in Strength::ALL {
        print!(" {:>24}", format!("{:.1} %", score.share(strength) * 100.0));
    }
    println!("\n\nfalse incidents a week: {:.2}", score.false_per_week);
    for (rule, count) in &score.false_by_rule {
        println!("  {rule}: {count}");
    }
}
