//! `cargo local` and `cargo local aws`: everything put together, started, and stopped again.

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use audit::Sequencer;
use audit::examine::Examiner;
use auth::operator;
use axum::Router;
use intake::rotate::Stores;
use monitor::Watchman;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::http::app::App;
use shared::http::finish::finish;
use shared::problem::Problem;
use template::Template;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::advisories;
use crate::aws::{Aws, Options, StartError};
use crate::cli::{Base, Command, HELP};
use crate::content;
use crate::control::{self, Controls};
use crate::demo::{Beginning, Demo, Stage};
use crate::deployment::{self, FIRST_ADMIN, Settings};
use crate::event_files;
use crate::folder::{ENV_FILE, EVENTS_FOLDER, Folder};
use crate::iam::seen::VARIABLE;
use crate::jobs::{Job, Jobs};
use crate::permissions;

/// Where `cargo lambda watch` serves what `cargo local aws` prepares, as the README says.
const WATCH_ORIGINS: [&str; 2] = ["http://127.0.0.1:9000", "http://localhost:9000"];
/// Requests under way get this long when everything stops.
const DRAIN: Duration = Duration::from_millis(700);

/// Does what the command line asked for; returns when it was told to stop.
///
/// # Errors
/// A sentence for people, when it cannot start.
pub async fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Help => {
            say(HELP);
            Ok(())
        }
        Command::Everything { port, control_port, demo, base } => {
            everything((port, control_port), demo, base).await
        }
        Command::AwsOnly { base } => aws_only(base).await,
        Command::Permissions(task) => {
            say(&permissions::run(task)?);
            Ok(())
        }
        Command::Advisories(folder) => {
            say(&advisories::run(&folder)?);
            Ok(())
        }
    }
}

async fn everything(
    (port, control_port): (u16, u16),
    is_demo: bool,
    base: Base,
) -> Result<(), String> {
    let folder = Folder::open(&base.data, base.fresh)?;
    let page = listen(port, "--port").await?;
    let control = listen(control_port, "--control-port").await?;
    let beginning = if is_demo { Some(Beginning::of(&folder)?) } else { None };
    let clock = beginning.as_ref().map_or_else(Clock::system, Beginning::clock);
    let aws = start_aws(&base, &clock)?;
    let own = url(&page)?;
    let own_origins = [own.clone(), own.replace("127.0.0.1", "localhost")];
    // The console is at the last one.
    let origins = [base.origins.as_slice(), &own_origins].concat();
    let settings = deployment::prepare(&aws, &origins, &base)?;
    let Functions { mut routes, jobs, auth, .. } =
        build(&settings, &clock, &aws, base.content.as_deref()).await?;
    let mut invitation = first_admin(&auth).await?;
    let mut colleague = None;
    let console = origins.last().map(String::as_str).unwrap_or_default();
    if let Some(beginning) = beginning {
        let invitation = invitation.take();
        let invitation = invitation.as_deref();
        let stage = Stage { routes: &routes, clock: &clock, jobs: &jobs, invitation };
        let demo = Demo::begin(beginning, &folder, &stage).await?;
        routes = demo.door(console).fallback_service(routes);
        colleague = Some(tokio::spawn(demo.keep_colleague()));
    }

    let mut stop = stop_signal()?;
    let controls = Controls { clock, jobs: jobs.clone(), aws: Arc::clone(&aws) };
    let control_url = url(&control)?;
    let servers = [
        tokio::spawn(serve(page, routes, stop.clone())),
        tokio::spawn(serve(control, control::router(controls), stop.clone())),
    ];
    let schedule = tokio::spawn(jobs.keep_schedule());
    ready(&json!({
        "ready": true,
        "url": own,
        "aws_url": aws.url(),
        "control_url": control_url,
        "data": folder.path(),
    }));
    say(&format!(
        "The demo page is at {own}/\nDynamoDB and KMS are at {}, the control server is at \
         {control_url}\nStop with Ctrl-C; the data stays in {}.\n",
        aws.url(),
        folder.path().display()
    ));
    if is_demo {
        say(&format!(
            "A month of made-up conversations is in it. {console}/demo/0 signs you in as an agent, \
             {console}/demo lists everybody.\n"
        ));
    }
    if let Some(token) = invitation {
        say(&format!(
            "There is nobody on the staff yet. The first admin ({FIRST_ADMIN}) begins at \
             {own}/console#invitation={token}\n"
        ));
    }

    let _ = stop.wait_for(|stop| *stop).await;
    end(schedule).await;
    if let Some(colleague) = colleague {
        end(colleague).await;
    }
    let drained = async {
        for server in servers {
            let _ = server.await;
        }
    };
    let _ = tokio::time::timeout(DRAIN, drained).await;
    stop_aws(aws).await;
    Ok(())
}

async fn aws_only(base: Base) -> Result<(), String> {
    let folder = Folder::open(&base.data, base.fresh)?;
    let clock = Clock::system();
    let aws = start_aws(&base, &clock)?;
    let origins = [base.origins.as_slice(), &WATCH_ORIGINS.map(str::to_owned)].concat();
    let settings = deployment::prepare(&aws, &origins, &base)?;
    let stack = build(&settings, &clock, &aws, base.content.as_deref()).await?;
    let settings = settings.with("SOTTO_ROOT_PIN", stack.root_pin);
    folder
        .write(Path::new(ENV_FILE), &settings.env_file())
        .map_err(|error| format!("The environment file cannot be written: {error}."))?;
    let events = event_files::write(&folder, &stack.routes).await?;

    let mut stop = stop_signal()?;
    let schedule = tokio::spawn(stack.jobs.keep_schedule());
    ready(&json!({"ready": true, "aws_url": aws.url(), "data": folder.path()}));
    let data = folder.path().display();
    say(&format!(
        "DynamoDB and KMS are at {}. In another terminal:\n  cargo lambda watch -A 127.0.0.1 -P \
         9000 --disable-cors --env-file {data}/{ENV_FILE}\n  cargo lambda invoke intake -A 127.0.0.1 -P 9000 --data-file \
         {data}/{EVENTS_FOLDER}/post-v1-conversations-id-messages.json\n{events} event files hold \
         a visitor made just now. Stop with Ctrl-C.\n",
        aws.url()
    ));

    let _ = stop.wait_for(|stop| *stop).await;
    end(schedule).await;
    stop_aws(aws).await;
    Ok(())
}

/// The functions over one set of tables.
struct Functions {
    routes: Router,
    jobs: Jobs,
    auth: auth::state::App,
    root_pin: String,
}

/// The invitation of the first admin, as an operator would make it; none when there is somebody.
async fn first_admin(auth: &auth::state::App) -> Result<Option<String>, String> {
    let unknown = |problem: Problem| format!("The staff cannot be read: {}.", problem.code.title());
    if operator::has_staff(auth).await.map_err(unknown)? {
        return Ok(None);
    }
    let invited =
        operator::bootstrap(auth, FIRST_ADMIN).await.map_err(|error| error.to_string())?;
    Ok(invited.get("invitation_token").and_then(Value::as_str).map(str::to_owned))
}

/// Builds every function from the configuration that it would read in the cloud, and runs the
/// rotation once, since nothing can be sealed before there are keys.
async fn build(
    settings: &Settings,
    clock: &Clock,
    aws: &Arc<Aws>,
    content: Option<&Path>,
) -> Result<Functions, String> {
    let visitors = settings.config()?;
    let config = &visitors.stores;
    let sdk = deployment::sdk_config(&config.backend, "intake")?;
    let app = App::with_sdk(&visitors, clock.clone(), &sdk);
    let rotation = deployment::sdk_config(&config.backend, "rotate-keys")?;
    let rotation = Stores::new(&settings.rotation()?, clock.clone(), &rotation);
    let kept = settings.retention()?;
    let sweep = deployment::sdk_config(&config.backend, "sweep")?;
    let sweep = shared::http::staff_app::App::with_sdk(&kept, clock.clone(), &sweep);
    let at_desk = settings.desk()?;
    let returns = deployment::sdk_config(&config.backend, "return-claims")?;
    let returns = shared::http::staff_app::App::with_sdk(&at_desk, clock.clone(), &returns);
    let reports = deployment::sdk_config(&config.backend, "reports")?;
    let reports = shared::http::staff_app::App::with_sdk(&at_desk, clock.clone(), &reports);
    let watchman = deployment::sdk_config(&config.backend, "detect")?;
    let watched = settings.monitor()?;
    let watchman = Watchman::with_sdk(&watched, clock.clone(), &watchman)?;
    let sequencer = deployment::sdk_config(&config.backend, "sequence")?;
    let sequencer = Sequencer::with_sdk(&settings.sequence()?, clock.clone(), &sequencer);
    let audited = settings.audit()?;
    let watches = [&*config.conversations_table, &watched.staff.events_table, &audited.log_table];
    let webhooks = deployment::sdk_config(&config.backend, "webhooks")?;
    let webhooks = shared::http::staff_app::App::with_sdk(&at_desk, clock.clone(), &webhooks);
    let webhooks = desk::webhooks::Job::new(webhooks)?;
    let examiner = deployment::sdk_config(&config.backend, "examine")?;
    let template = Template::deployed().map_err(|error| error.to_string())?;
    let examiner = Examiner::with_sdk(settings.examine()?, template, clock.clone(), &examiner);
    let jobs = [sweep, returns, reports];
    let readers = (watchman, sequencer);
    let others = (webhooks, examiner);
    let jobs = Jobs::new(&app, rotation, jobs, others, readers, Arc::clone(aws), watches)?;
    let report = jobs.run(Job::RotateKeys).await?;
    let root_pin = report
        .get("root_pin")
        .and_then(Value::as_str)
        .ok_or("The key rotation told no root pin.")?
        .to_owned();
    let site = settings.clone().with("SOTTO_ROOT_PIN", root_pin.clone()).site()?;
    let auth = settings.auth()?;
    let sdk = deployment::sdk_config(&auth.backend, "auth")?;
    let auth = auth::state::App::with_sdk(&auth, clock.clone(), &sdk)?;
    let sdk = deployment::sdk_config(&config.backend, "retention")?;
    let kept = shared::http::staff_app::App::with_sdk(&kept, clock.clone(), &sdk);
    let sdk = deployment::sdk_config(&config.backend, "desk")?;
    let at_desk = shared::http::staff_app::App::with_sdk(&at_desk, clock.clone(), &sdk);
    let sdk = deployment::sdk_config(&config.backend, "editor")?;
    let editor =
        shared::http::staff_app::App::with_sdk(&settings.retention()?, clock.clone(), &sdk);
    Box::pin(content::publish(&editor, content)).await?;
    let sdk = deployment::sdk_config(&config.backend, "training")?;
    let training =
        shared::http::staff_app::App::with_sdk(&settings.retention()?, clock.clone(), &sdk);
    let sdk = deployment::sdk_config(&config.backend, "monitor")?;
    let monitor = monitor::App::with_sdk(&watched, clock.clone(), &sdk)?;
    let sdk = deployment::sdk_config(&config.backend, "audit")?;
    let audit = audit::App::with_sdk(&audited, clock.clone(), &sdk);
    app.warm();
    let staff = auth::routes(auth.clone()).merge(retention::routes(kept));
    let staff = staff.merge(desk::routes(at_desk)).merge(editor::routes(editor));
    let staff = staff.merge(training::routes(training)).merge(monitor::routes(monitor));
    let staff = staff.merge(audit::routes(audit));
    let pages = intake::pages(&app);
    let routes = intake::routes(app).merge(site::routes(&site)).merge(staff);
    let routes = finish(routes, clock.clone(), pages);
    Ok(Functions { routes, jobs, auth, root_pin })
}

fn start_aws(base: &Base, clock: &Clock) -> Result<Arc<Aws>, String> {
    Aws::start(Options {
        data: Some(base.data.clone()),
        port: base.aws_port,
        clock: clock.clone(),
        seed: 0,
        seen: std::env::var_os(VARIABLE).map(PathBuf::from),
    })
    .map(Arc::new)
    .map_err(|error| match error {
        StartError::Port(port, error) => no_port(port, &error, "--aws-port"),
        StartError::File(file, error) => format!(
            "{} cannot be used: {error}. --fresh starts empty, --data names another folder.",
            file.display()
        ),
        StartError::Roles(error) => error.to_string(),
        StartError::System(error) => format!("The local AWS cannot start: {error}."),
    })
}

/// Waits until its files are closed, unless a task still holds on to it: then the process's end
/// does that, and nothing acknowledged is lost either way.
async fn stop_aws(aws: Arc<Aws>) {
    // A job that was broken off lets go of it when what it was reading has been read.
    let let_go = async {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        while Arc::strong_count(&aws) > 1 {
            looks.tick().await;
        }
    };
    let _ = tokio::time::timeout(DRAIN, let_go).await;
    if let Some(aws) = Arc::into_inner(aws) {
        let _ = tokio::task::spawn_blocking(move || aws.stop()).await;
    }
}

/// Ends a task and waits until it has let go of what it held.
async fn end(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

async fn listen(port: u16, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| no_port(port, &error, flag))
}

fn no_port(port: u16, error: &io::Error, flag: &str) -> String {
    format!(
        "Cannot listen on 127.0.0.1:{port}: {error}. Another port goes with {flag}, 0 picks a free \
         one."
    )
}

fn url(listener: &TcpListener) -> Result<String, String> {
    listener
        .local_addr()
        .map(|address| format!("http://{address}"))
        .map_err(|error| format!("A listener has no address: {error}."))
}

async fn serve(listener: TcpListener, routes: Router, mut stop: watch::Receiver<bool>) {
    let served = axum::serve(listener, routes).with_graceful_shutdown(async move {
        let _ = stop.wait_for(|stop| *stop).await;
    });
    if let Err(error) = served.await {
        tracing::error!(error = %error, "a server ended");
    }
}

/// Turns true on Ctrl-C or SIGTERM.
fn stop_signal() -> Result<watch::Receiver<bool>, String> {
    let unheard = |error: io::Error| format!("Signals cannot be heard: {error}.");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        sender.send_replace(true);
    });
    Ok(receiver)
}

/// The first line on stdout, for scripts.
fn ready(line: &Value) {
    say(&format!("{line}\n"));
}

/// Standard output may be closed; that is no reason to stop.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
