//! `--demo`: a month of made-up conversations, so that desk and reports are alive at the first start.
//!
//! Everything goes through the routes, on a clock that begins thirty days ago: what is stored is what
//! visitors and staff would have left. Who comes when is drawn with a fixed seed.

mod account;
mod caller;
pub(crate) mod door;
mod life;
mod play;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use shared::clock::Clock;
use tokio::sync::Mutex;

use crate::folder::{DEMO_FILE, Folder};
use crate::jobs::Jobs;
use account::{Account, Signed};
use caller::Caller;
use life::Life;
use play::Player;

/// How far back the demo begins.
const SPAN: Duration = Duration::from_hours(30 * 24);
/// How often the colleague at the desk says that he is there; that holds for 90 seconds.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// The place of the agent who stays at the desk.
const COLLEAGUE: usize = 1;

/// The people of the demo. Their accounts are kept in the data folder.
#[derive(Clone)]
pub(crate) struct Demo {
    caller: Caller,
    /// The agent that whoever tries the demo becomes is the first, the colleague the second.
    people: People,
}

/// The demo's staff, each with their session.
type People = Arc<Mutex<Vec<Signed>>>;

/// Whether the demo has to be played first.
pub(crate) enum Beginning {
    /// The folder is empty.
    Empty,
    /// It was played in the folder, to its end.
    Played(Vec<Account>),
}

/// The parts that the demo is played with.
pub(crate) struct Stage<'stage> {
    pub(crate) routes: &'stage Router,
    pub(crate) clock: &'stage Clock,
    pub(crate) jobs: &'stage Jobs,
    /// The invitation of the first admin.
    pub(crate) invitation: Option<&'stage str>,
}

impl Beginning {
    /// How the demo begins in that folder.
    ///
    /// # Errors
    /// Where there is other data.
    pub(crate) fn of(folder: &Folder) -> Result<Self, String> {
        let found = folder.read(DEMO_FILE).map_err(|error| error.to_string())?;
        match found {
            Some(accounts) => serde_json::from_str(&accounts).map(Self::Played).map_err(|error| {
                format!("{DEMO_FILE} cannot be read: {error}. --fresh starts anew.")
            }),
            None if folder.has_data() => Err(format!(
                "The folder {} holds other data, or a demo that was broken off. --fresh empties it, \
                 --data names another.",
                folder.path().display()
            )),
            None => Ok(Self::Empty),
        }
    }

    /// The clock to begin on.
    pub(crate) fn clock(&self) -> Clock {
        match self {
            Self::Empty => Clock::behind(SPAN),
            Self::Played(_) => Clock::system(),
        }
    }
}

impl Demo {
    /// The demo, played now if it has to be; the clock is then the machine's.
    pub(crate) async fn begin(
        beginning: Beginning,
        folder: &Folder,
        stage: &Stage<'_>,
    ) -> Result<Self, String> {
        let caller = Caller::new(stage.routes.clone());
        let invitation = match beginning {
            Beginning::Played(accounts) => {
                return Ok(Self { caller, people: signed(&accounts, stage.clock) });
            }
            Beginning::Empty => {
                stage.invitation.ok_or("There is somebody on the staff already.")?
            }
        };
        let life = Life::read()?;
        let begun_ms = stage.clock.now_ms();
        let accounts = account::hire(&caller, stage.clock, invitation, &life.staff).await?;
        let demo = Self { caller, people: signed(&accounts, stage.clock) };
        for somebody in demo.people.lock().await.iter_mut() {
            somebody.learn(&demo.caller).await?;
        }
        Player::new(&demo, stage, begun_ms).play(&life).await?;
        let written = serde_json::to_string(&accounts).map_err(|error| error.to_string())?;
        folder
            .write(DEMO_FILE.as_ref(), &written)
            .map_err(|error| format!("{DEMO_FILE} cannot be written: {error}."))?;
        Ok(demo)
    }

    /// Keeps a colleague at the desk, so that a visitor who asks for a person waits for one.
    pub(crate) async fn keep_colleague(self) {
        let mut beats = tokio::time::interval(HEARTBEAT);
        loop {
            beats.tick().await;
            let mut people = self.people.lock().await;
            let Some(colleague) = people.get_mut(COLLEAGUE) else { return };
            if let Err(error) = colleague.is_there(&self.caller).await {
                tracing::warn!(error, "the demo's colleague is not at the desk");
            }
        }
    }

    /// The routes of the links that sign somebody in, to the console at that origin.
    pub(crate) fn door(&self, console: &str) -> Router {
        let Self { caller, people } = self.clone();
        door::router(door::Door { caller, people, console: console.into() })
    }
}

fn signed(accounts: &[Account], clock: &Clock) -> People {
    let signed = |account: &Account| Signed::new(account.clone(), clock.clone());
    Arc::new(Mutex::new(accounts.iter().map(signed).collect()))
}
