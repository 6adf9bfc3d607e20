//! `cargo knowledge publish` and `cargo knowledge evaluate`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a command that prints its result; few seeds"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bot::Base;
use knowledge::{draw, phrasings, report::Report, shipped, strangers::Fares};
use lexopt::prelude::{Long, Value, ValueExt};

const USAGE: &str = "\
cargo knowledge publish
    Trains the demo's bases and those without entries, and writes them beside their sources.
cargo knowledge evaluate
    Asks the shipped bases the phrasings in infra/knowledge/evaluation.
cargo knowledge evaluate --locale en FILE
    Asks a shipped base the phrasings of a file whose intents are its entries' ids.
cargo knowledge evaluate FILE [--per-intent 5,10] [--seeds 3]
cargo knowledge evaluate --train FILE [--test FILE] [--per-intent 5,10] [--seeds 3]
    Draws few phrasings an intent, trains with the same code, and asks the rest (or --test).";

fn main() -> ExitCode {
    let outcome = Request::parse().and_then(|request| match request {
        Request::Publish => publish(),
        Request::Shipped => shipped::LOCALES.iter().try_for_each(|locale| {
            evaluate_shipped(locale, &shipped::evaluation(locale)?)?;
            ["strangers", "kept"].iter().try_for_each(|set| evaluate_strangers(set, locale))
        }),
        Request::Asked { locale, file } => evaluate_shipped(&locale, &phrasings::read(&file)?),
        Request::Drawn { train, test, per_intent, seeds } => {
            evaluate_drawn(&train, test.as_deref(), &per_intent, seeds)
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

enum Request {
    Publish,
    Shipped,
    Asked { locale: String, file: PathBuf },
    Drawn { train: PathBuf, test: Option<PathBuf>, per_intent: Vec<usize>, seeds: u64 },
}

impl Request {
    fn parse() -> Result<Self, String> {
        let mut command = None;
        let (mut train, mut test, mut locale) = (None, None, None);
        let (mut per_intent, mut seeds) = (vec![5, 10], 3);
        let mut arguments = lexopt::Parser::from_env();
        let refused = |error: lexopt::Error| format!("{error}\n{USAGE}");
        while let Some(argument) = arguments.next().map_err(refused)? {
            if let Value(word) = argument {
                if command.is_none() {
                    command = Some(word.string().map_err(refused)?);
                } else {
                    train = Some(PathBuf::from(word));
                }
                continue;
            }
            let Long(name) = argument else {
                return Err(refused(argument.unexpected()));
            };
            let name = name.to_owned();
            let value = arguments.value().map_err(refused)?;
            match name.as_str() {
                "train" => train = Some(PathBuf::from(value)),
                "test" => test = Some(PathBuf::from(value)),
                "locale" => locale = Some(value.string().map_err(refused)?),
                "seeds" => seeds = value.parse().map_err(refused)?,
                "per-intent" => {
                    let list = value.string().map_err(refused)?;
                    let counts = list.split(',').map(|count| count.trim().parse::<usize>());
                    per_intent = counts
                        .collect::<Result<_, _>>()
                        .map_err(|_| format!("--per-intent: not numbers\n{USAGE}"))?;
                }
                _ => return Err(format!("--{name} is not known\n{USAGE}")),
            }
        }
        match (command.as_deref(), train, locale) {
            (Some("publish"), None, None) => Ok(Self::Publish),
            (Some("evaluate"), None, None) if test.is_none() => Ok(Self::Shipped),
            (Some("evaluate"), Some(file), Some(locale)) => {
                shipped::is_shipped(&locale)?;
                Ok(Self::Asked { locale, file })
            }
            (Some("evaluate"), Some(train), None) => {
                Ok(Self::Drawn { train, test, per_intent, seeds })
            }
            _ => Err(USAGE.to_owned()),
        }
    }
}

fn publish() -> Result<(), String> {
    for locale in shipped::LOCALES {
        let published = shipped::train(locale)?;
        let talk = shipped::train_talk(locale)?;
        for (path, bytes) in [
            (shipped::model_path(locale), &published.bytes),
            (shipped::talk_path(locale), &talk.bytes),
            (shipped::judged_path(locale), &shipped::judged(&published.calibration)?),
        ] {
            std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let found = &published.calibration;
        println!("demo, {locale}: {} bytes", published.bytes.len());
        println!(
            "  held out in turn: {} of {} phrasings right, {} asked back, {} wrong answers, {} out of scope",
            found.right, found.questions, found.offered, found.wrong, found.out_of_scope
        );
        for (text, due, instead) in &found.missed {
            if let Some(instead) = instead {
                println!("  {due}, got {instead}: {text}");
            }
        }
    }
    Ok(())
}

fn evaluate_shipped(locale: &str, asked: &[phrasings::Phrasing]) -> Result<(), String> {
    let model = shipped::model(locale)?;
    let base = Base::load(&model).map_err(|error| format!("{locale}: {error}"))?;
    phrasings::are_known(asked, &base)?;
    println!("demo, {locale}: {} bytes", model.len());
    println!("{}", Report::of(&base, asked));
    Ok(())
}

fn evaluate_strangers(set: &str, locale: &str) -> Result<(), String> {
    let model = shipped::model(locale)?;
    let base = Base::load(&model).map_err(|error| format!("{locale}: {error}"))?;
    println!("{set}, {locale}:");
    println!("{}", Fares::of(&base, &shipped::strangers(set, locale)?));
    Ok(())
}

fn evaluate_drawn(
    train: &Path,
    test: Option<&Path>,
    per_intent: &[usize],
    seeds: u64,
) -> Result<(), String> {
    let train = phrasings::read(train)?;
    let test = test.map(phrasings::read).transpose()?;
    println!("phrasings  draw  accuracy  of all phrasings  90 % refused: right  wrong    bytes");
    for count in per_intent {
        let mut sum = draw::Outcome::default();
        for seed in 1..=seeds {
            let found = draw::run(&train, test.as_deref(), *count, seed)?;
            row(*count, &seed.to_string(), &found);
            sum.accuracy += found.accuracy / seeds as f64;
            sum.accuracy_of_all += found.accuracy_of_all / seeds as f64;
            sum.bytes = sum.bytes.max(found.bytes);
            if let Some((right, wrong)) = found.at_refusal {
                let (before_right, before_wrong) = sum.at_refusal.unwrap_or_default();
                let seeds = seeds as f64;
                sum.at_refusal = Some((before_right + right / seeds, before_wrong + wrong / seeds));
            }
        }
        row(*count, "mean", &sum);
    }
    Ok(())
}

fn row(per_intent: usize, draw: &str, found: &draw::Outcome) {
    let (right, wrong) =
        found.at_refusal.map_or(("-".to_owned(), "-".to_owned()), |(right, wrong)| {
            (format!("{right:.3}"), format!("{wrong:.3}"))
        });
    println!(
        "{per_intent:>9}  {draw:>4}  {:>8.3}  {:>16.3}  {right:>19}  {wrong:>5}  {:>7}",
        found.accuracy, found.accuracy_of_all, found.bytes
    );
}
