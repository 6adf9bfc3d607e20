//! Visitors and agents who talk at once, over real HTTP with `cargo local`: what each of them sees, when, and
//! what a network that loses, doubles and delays makes of it.

#![expect(clippy::disallowed_methods, reason = "a process is watched as time passes for it")]

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api::{Client, Request, Response, client, send_with};
use crate::process::Local;
use crate::staff::{Staff, code_at};
use crate::visitor::{fresh_key, message};

/// Conversations that an agent takes at most.
const TAKES: usize = 40;
/// How long is waited for what is still under way when nobody says anything any more.
const GRACE: Duration = Duration::from_mins(1);
/// The pauses of the widget and of the console, with a person.
const POLL: Duration = Duration::from_millis(1_500);
/// The pause of the widget before that.
const WAIT: Duration = Duration::from_secs(3);
/// Longer than a request that is delayed.
const DELAY_MS: u32 = 2_000;

/// A run: the people, the time, and the network.
#[derive(Clone, Copy)]
pub struct Load {
    /// Visitors, each with a conversation that asks for a person.
    pub visitors: usize,
    /// Agents, who take all of them.
    pub agents: usize,
    /// For how long visitors say something, from when an agent has them.
    pub talk: Duration,
    /// Pauses are divided by this.
    pub haste: u32,
    /// The seed of a network that has faults; `None` for one that has none.
    pub faults: Option<u64>,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Seen {
    /// Messages that somebody said and the API acknowledged.
    pub said: usize,
    /// Requests of all.
    pub requests: usize,
    /// Requests that the network lost, doubled or delayed.
    pub faults: usize,
    /// From the sending of a message to the other side's screen, in milliseconds, in order.
    pub delays_ms: Vec<u64>,
    /// What was lost, doubled, out of order or somebody else's.
    pub wrong: Vec<String>,
}

impl Seen {
    /// The delay that so many of a hundred do not exceed, by nearest rank.
    #[must_use]
    pub fn percentile_ms(&self, percent: usize) -> Option<u64> {
        let rank = (self.delays_ms.len() * percent).div_ceil(100).max(1);
        self.delays_ms.get(rank - 1).copied()
    }
}

/// Lets them talk.
///
/// # Panics
/// Where the API refuses what it should take.
pub async fn talk(local: &mut Local, load: Load) -> Seen {
    let staff = staff(local, load.agents).await;
    let board = Arc::new(Board::new(local.url("url"), load));
    let mut agents = JoinSet::new();
    for (number, agent) in staff.into_iter().enumerate() {
        agents.spawn(Agent::new(&board, number, agent).work());
    }
    let mut visitors = JoinSet::new();
    for number in 0..load.visitors {
        visitors.spawn(Talker::new(&board, number).talk());
    }
    let mut screens: HashMap<usize, Screen> = visitors.join_all().await.into_iter().collect();
    board.is_over.store(true, Ordering::Relaxed);
    let theirs = agents.join_all().await.into_iter().flatten();
    let mut seen = Seen {
        requests: board.requests.load(Ordering::Relaxed),
        faults: board.faults.load(Ordering::Relaxed),
        ..Seen::default()
    };
    for (number, screen) in theirs {
        match screens.remove(&number) {
            Some(own) => board.judge(number, &own, &screen, &mut seen),
            None => seen.wrong.push(format!("two agents have v{number}")),
        }
    }
    for number in screens.into_keys() {
        seen.wrong.push(format!("nobody took v{number}"));
    }
    seen.delays_ms = std::mem::take(&mut *lock(&board.delays_ms));
    seen.delays_ms.sort_unstable();
    seen
}

/// Agents whom the first admin has invited, each at the desk.
pub async fn staff(local: &mut Local, agents: usize) -> Vec<Staff> {
    let link = local.invitation().await;
    let token = link.rsplit('=').next().expect("a token").to_owned();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let code = |secret: &str| code_at(secret, now());
    let admin = Staff::join_at(local.api(), "admin@sotto.example", &token, &code).await;
    let mut staff = Vec::new();
    for number in 0..agents {
        let email = format!("agent{number}@sotto.example");
        let body = json!({ "email": email, "roles": ["agent"] });
        let invited = admin.post("/v1/auth/invitations", &body).await;
        assert_eq!(invited.status, 201, "{}", invited.json());
        let token = invited.json()["invitation_token"].as_str().expect("a token").to_owned();
        let agent = Staff::join_at(local.api(), &email, &token, &code).await;
        let put = agent.put("/v1/presence", &json!({ "state": "available" })).await;
        assert_eq!(put.status, 204);
        staff.push(agent);
    }
    staff
}

/// What all of them share.
struct Board {
    base: String,
    load: Load,
    /// By number of the visitor, since an agent does not know it: the conversation.
    conversations: Mutex<HashMap<String, usize>>,
    /// When a text was sent, until the other side has seen it.
    sent: Mutex<HashMap<String, Instant>>,
    /// Texts that were acknowledged.
    said: Mutex<HashSet<String>>,
    delays_ms: Mutex<Vec<u64>>,
    requests: AtomicUsize,
    faults: AtomicUsize,
    /// Messages of visitors that an agent's page shows and nobody has answered.
    owed: AtomicUsize,
    is_over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    fn new(base: String, load: Load) -> Self {
        Self {
            base,
            load,
            conversations: Mutex::default(),
            sent: Mutex::default(),
            said: Mutex::default(),
            delays_ms: Mutex::default(),
            requests: AtomicUsize::new(0),
            faults: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    fn shows(&self, text: &str) {
        if let Some(sent) = lock(&self.sent).remove(text) {
            let delay_ms = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
            lock(&self.delays_ms).push(delay_ms);
        }
    }

    fn is_quiet(&self) -> bool {
        lock(&self.sent).is_empty() && self.owed.load(Ordering::Relaxed) == 0
    }

    /// Both sides have to show each acknowledged text of this conversation, once and in order, and no other.
    fn judge(&self, number: usize, visitor: &Screen, agent: &Screen, seen: &mut Seen) {
        let said = lock(&self.said);
        let count = |side: char| {
            let mut count = 0;
            while said.contains(&format!("{side}{number}-{}", count + 1)) {
                count += 1;
            }
            count
        };
        for side in ['v', 'a'] {
            let expected: Vec<String> =
                (1..=count(side)).map(|at| format!("{side}{number}-{at}")).collect();
            seen.said += expected.len();
            for (whose, screen) in [("visitor", visitor), ("agent", agent)] {
                let of_side = |text: &&String| text.starts_with(side);
                let shown: Vec<_> = screen.texts.iter().filter(of_side).cloned().collect();
                if shown != expected {
                    seen.wrong.push(format!(
                        "{whose} of v{number} ({}) sees {shown:?} of {expected:?}",
                        visitor.status
                    ));
                }
            }
        }
        if visitor.texts != agent.texts {
            seen.wrong.push(format!("v{number}: another order on each side"));
        }
    }
}

/// What somebody sees of a conversation.
struct Screen {
    /// Whose texts are their own: `v` or `a`.
    own: char,
    ids: HashSet<String>,
    /// In the order in which they are shown; what neither side said is left out.
    texts: Vec<String>,
    after: String,
    state: String,
    status: String,
}

impl Screen {
    fn of(own: char) -> Self {
        Self {
            own,
            ids: HashSet::new(),
            texts: Vec::new(),
            after: String::new(),
            state: String::new(),
            status: String::new(),
        }
    }

    /// Shows news and says what was not there before; whether there is more.
    fn take(&mut self, board: &Board, news: &Value) -> (Vec<String>, bool) {
        let mut fresh = Vec::new();
        for item in news["items"].as_array().into_iter().flatten() {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            let id = text("id");
            if self.ids.insert(id.clone()) {
                self.after = id;
                let said = text("text");
                if said.contains('-') && said.starts_with(['v', 'a']) && !said.contains(' ') {
                    if !said.starts_with(self.own) {
                        if self.own == 'a' {
                            board.owed.fetch_add(1, Ordering::Relaxed);
                        }
                        board.shows(&said);
                    }
                    self.texts.push(said.clone());
                    fresh.push(said);
                }
            }
        }
        for (known, name) in [(&mut self.state, "state"), (&mut self.status, "status")] {
            if let Some(told) = news[name].as_str() {
                told.clone_into(known);
            }
        }
        (fresh, news["next_cursor"].is_string())
    }

    fn poll(&self, path: &str) -> Request {
        let (after, state) = (&self.after, &self.state);
        Request::new("GET", &format!("{path}/messages?after={after}&state={state}&limit=50"))
    }
}

/// A way to the API, with the faults of its network.
struct Line {
    board: Arc<Board>,
    client: Client,
    random: Option<TestRng>,
    token: String,
}

impl Line {
    fn new(board: &Arc<Board>, number: usize, token: String) -> Self {
        let random = board.load.faults.map(|seed| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            bytes[8..16].copy_from_slice(&u64::try_from(number).unwrap_or_default().to_le_bytes());
            TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
        });
        Self { board: Arc::clone(board), client: client(), random, token }
    }

    fn draw(&mut self, below: u32) -> u32 {
        self.random.as_mut().map_or(below, |random| random.next_u32() % below)
    }

    async fn send(&self, request: &Request) -> Option<Response> {
        self.board.requests.fetch_add(1, Ordering::Relaxed);
        send_with(&self.client, &self.board.base, request).await
    }

    /// The answers that come back: none, one, or two to a request that was doubled.
    async fn ask(&mut self, request: Request) -> Vec<Response> {
        let request = if self.token.is_empty() { request } else { request.bearer(&self.token) };
        let fault = self.draw(100);
        if fault < 20 {
            self.board.faults.fetch_add(1, Ordering::Relaxed);
        }
        match fault {
            // It gets lost, or its answer does.
            0..5 => Vec::new(),
            5..10 => {
                self.send(&request).await;
                Vec::new()
            }
            10..15 => {
                let (one, other) = tokio::join!(self.send(&request), self.send(&request));
                [one, other].into_iter().flatten().collect()
            }
            15..20 => {
                let (before, behind) = (self.draw(DELAY_MS), self.draw(DELAY_MS));
                self.pause(Duration::from_millis(before.into())).await;
                let answer = self.send(&request).await;
                self.pause(Duration::from_millis(behind.into())).await;
                answer.into_iter().collect()
            }
            _ => self.send(&request).await.into_iter().collect(),
        }
    }

    /// Asks again until there is an answer that is none of a busy server.
    async fn insist(&mut self, request: &Request) -> Response {
        loop {
            let answers = self.ask(request.clone()).await;
            let taken = |answer: &Response| answer.status != 429 && answer.status < 500;
            if let Some(answer) = answers.into_iter().find(taken) {
                return answer;
            }
            self.pause(Duration::from_millis(500)).await;
        }
    }

    async fn pause(&self, pause: Duration) {
        sleep(pause / self.board.load.haste).await;
    }

    /// Says something until it is acknowledged, and shows what came with the acknowledgement.
    async fn say(&mut self, screen: &mut Screen, path: &str, text: &str) -> Vec<String> {
        let said = message(path, text, &fresh_key());
        let said = said.json(&json!({ "text": text, "after": screen.after }));
        lock(&self.board.sent).insert(text.to_owned(), Instant::now());
        let answer = self.insist(&said).await;
        assert_eq!(answer.status, 201, "{text}: {}", answer.json());
        lock(&self.board.said).insert(text.to_owned());
        screen.take(&self.board, &answer.json()["news"]).0
    }

    /// A list of the desk.
    async fn inbox(&mut self, status: &str) -> Vec<Value> {
        let list = Request::new("GET", &format!("/v1/inbox?status={status}&limit=100"));
        let mut answers = self.ask(list).await.into_iter().filter(|answer| answer.status == 200);
        let listed = answers.next_back().map(|answer| answer.json()["items"].clone());
        listed.and_then(|items| items.as_array().cloned()).unwrap_or_default()
    }

    /// Looks once for news, page by page.
    async fn look(&mut self, screen: &mut Screen, path: &str) -> Vec<String> {
        let mut fresh = Vec::new();
        loop {
            let mut is_more = false;
            for answer in self.ask(screen.poll(path)).await {
                match answer.status {
                    200 => {
                        let (shown, more) = screen.take(&self.board, &answer.json());
                        fresh.extend(shown);
                        is_more = more;
                    }
                    204 | 429 | 503 => {}
                    other => panic!("{path}: {other} {}", answer.json()),
                }
            }
            if !is_more {
                return fresh;
            }
        }
    }
}

/// A visitor.
struct Talker {
    line: Line,
    number: usize,
}

impl Talker {
    fn new(board: &Arc<Board>, number: usize) -> Self {
        Self { line: Line::new(board, number, String::new()), number }
    }

    async fn talk(mut self) -> (usize, Screen) {
        let number = self.number;
        let board = Arc::clone(&self.line.board);
        let arrival = json!({ "site": "default", "identity": null });
        let arrived = self.line.insist(&Request::new("POST", "/v1/sessions").json(&arrival)).await;
        assert_eq!(arrived.status, 201, "{}", arrived.json());
        arrived.json()["access_token"].as_str().expect("a token").clone_into(&mut self.line.token);
        let consent = json!({ "notice_version": "2026-11", "purposes": ["support"] });
        let begin = json!({ "consent": consent, "locale": "en" });
        let begun = self.line.insist(&Request::new("POST", "/v1/conversations").json(&begin)).await;
        assert_eq!(begun.status, 201, "{}", begun.json());
        let id = begun.json()["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/conversations/{id}");
        lock(&board.conversations).insert(id, number);
        let handover = Request::new("POST", &format!("{path}/handover")).json(&json!({}));
        let asked = self.line.insist(&handover).await;
        assert_eq!(asked.status, 202, "{}", asked.json());
        let mut screen = Screen::of('v');
        let begun = Instant::now();
        while screen.status != "with_agent" && begun.elapsed() < GRACE {
            self.line.look(&mut screen, &path).await;
            self.line.pause(WAIT).await;
        }
        let begun = Instant::now();
        let mut said = 0;
        while begun.elapsed() < board.load.talk {
            said += 1;
            self.line.say(&mut screen, &path, &format!("v{number}-{said}")).await;
            for _ in 0..4 {
                self.line.look(&mut screen, &path).await;
                self.line.pause(POLL).await;
            }
        }
        let over = Instant::now();
        // Until everybody has seen all, and then once more: what comes twice would come now.
        while !board.is_quiet() && over.elapsed() < GRACE {
            self.line.look(&mut screen, &path).await;
            self.line.pause(POLL).await;
        }
        for _ in 0..3 {
            self.line.look(&mut screen, &path).await;
            self.line.pause(POLL).await;
        }
        (number, screen)
    }
}

/// An agent's page, which looks by a timer whatever its agent does.
struct Agent {
    line: Line,
    number: usize,
    /// Conversations that they have, by id.
    taken: HashMap<String, Thread>,
}

/// A conversation on an agent's page, which looks at each of them for itself.
struct Thread {
    line: Line,
    /// The visitor.
    number: usize,
    screen: Screen,
}

impl Agent {
    fn new(board: &Arc<Board>, number: usize, staff: Staff) -> Self {
        Self { line: Line::new(board, 10_000 + number, staff.token), number, taken: HashMap::new() }
    }

    async fn work(mut self) -> Vec<(usize, Screen)> {
        let board = Arc::clone(&self.line.board);
        let line = |number| Line::new(&board, number, self.line.token.clone());
        let mut beside = JoinSet::new();
        let mut heart = line(0);
        heart.random = None;
        beside.spawn(async move {
            let put = Request::new("PUT", "/v1/presence").json(&json!({ "state": "available" }));
            loop {
                heart.insist(&put).await;
                sleep(Duration::from_secs(20)).await;
            }
        });
        let (ask, asked) = mpsc::unbounded_channel();
        beside.spawn(Hands::new(line(20_000 + self.number), asked).work());
        while !board.is_over.load(Ordering::Relaxed) {
            for question in self.look_around().await {
                ask.send(question).expect("hands");
            }
            self.line.pause(POLL).await;
        }
        // A conversation without unread messages is not open on the agent's page; now each is opened once.
        self.line.random = None;
        self.look_around().await;
        let mut screens = Vec::new();
        for (id, Thread { mut line, number, mut screen }) in self.taken {
            line.random = None;
            line.look(&mut screen, &format!("/v1/inbox/{id}")).await;
            screens.push((number, screen));
        }
        screens
    }

    /// Looks at each conversation with something new: what the visitor said in them.
    async fn look_around(&mut self) -> Vec<Question> {
        let mut read = HashSet::new();
        for row in self.line.inbox("mine").await {
            let id = row["conversation_id"].as_str().unwrap_or_default().to_owned();
            let known = lock(&self.line.board.conversations).get(&id).copied();
            let Some(number) = known else { continue };
            let is_new = !self.taken.contains_key(&id);
            self.taken.entry(id.clone()).or_insert_with(|| Thread {
                line: Line::new(&self.line.board, 30_000 + number, self.line.token.clone()),
                number,
                screen: Screen::of('a'),
            });
            if is_new || row["unread"] != 0 {
                read.insert(id);
            }
        }
        let threads = self.taken.iter_mut().filter(|(id, _)| read.contains(*id));
        let looks = threads.map(async |(id, Thread { line, number, screen })| {
            let fresh = line.look(screen, &format!("/v1/inbox/{id}")).await;
            let questions = fresh.iter().filter(|text| text.starts_with('v')).count();
            let after = screen.after.clone();
            std::iter::repeat_n(Question { id: id.clone(), number: *number, after }, questions)
        });
        join_all(looks).await.into_iter().flatten().collect()
    }
}

/// A message of a visitor that an agent's page shows.
#[derive(Clone)]
struct Question {
    /// The conversation.
    id: String,
    /// The visitor.
    number: usize,
    /// The last message that the page showed with it.
    after: String,
}

/// The person at an agent's page: takes conversations that wait, and answers one message after the other.
struct Hands {
    line: Line,
    asked: mpsc::UnboundedReceiver<Question>,
    /// Conversations that they took.
    taken: usize,
    /// How many answers each has, by id.
    answers: HashMap<String, usize>,
}

impl Hands {
    fn new(line: Line, asked: mpsc::UnboundedReceiver<Question>) -> Self {
        Self { line, asked, taken: 0, answers: HashMap::new() }
    }

    async fn work(mut self) {
        loop {
            self.claim().await;
            while let Ok(Question { id, number, after }) = self.asked.try_recv() {
                let answers = self.answers.entry(id.clone()).or_default();
                *answers += 1;
                let text = format!("a{number}-{answers}");
                // The page shows the answer with its next look.
                let mut page = Screen { after, ..Screen::of('a') };
                self.line.say(&mut page, &format!("/v1/inbox/{id}"), &text).await;
                self.line.board.owed.fetch_sub(1, Ordering::Relaxed);
            }
            self.line.pause(POLL).await;
        }
    }

    /// Takes some of those who wait.
    async fn claim(&mut self) {
        if self.taken >= TAKES {
            return;
        }
        let waiting = self.line.inbox("waiting").await;
        for row in waiting.iter().take(TAKES - self.taken).take(5) {
            let id = row["conversation_id"].as_str().unwrap_or_default();
            let claim = Request::new("POST", &format!("/v1/inbox/{id}/claim")).json(&json!({}));
            let claimed = self.line.insist(&claim).await;
            match (claimed.status, &*claimed.code()) {
                (200, _) => self.taken += 1,
                // A colleague was faster, or an answer was lost.
                (409, "claimed") => {}
                (status, code) => panic!("a claim: {status} {code}"),
            }
        }
    }
}
