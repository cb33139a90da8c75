//! The screen as a server on this device: one address, one state, one answer at a time.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderValue, LOCATION};
use axum::http::{Response, StatusCode};
use jiff::SignedDuration;
use nightjar::{Failure, StudyPack, Tablet};
use tokio::net::TcpListener;

use crate::act::{self, Acting, Then};
use crate::assets;
use crate::guard::{self, Asked, Guard, Refusal, respond};
use crate::hands::{Hands, Mode, Start};
use crate::page;
use crate::posted::Posted;

/// What a page is.
const HTML: &str = "text/html; charset=utf-8";

/// How the screen is set up.
#[derive(Clone, Default)]
pub struct Settings {
    /// Code of the ward it stands on; needed where the tablet may collect on more than one.
    pub ward: Option<String>,
    /// Asks this form only, whatever it is about; if absent, what people answer about themselves.
    pub form: Option<String>,
    /// The study's files, for a tablet that has not joined it yet: its staff join on the screen.
    pub pack: Option<StudyPack>,
    /// Folders where a USB stick is, if it is in. Empty: wherever this system mounts sticks.
    pub sticks: Vec<PathBuf>,
}

/// Sent by the script with every act.
const HERE: &str = "nightjar-page";

/// Where a screen stands, and what it asks.
pub(crate) struct Place {
    /// Whether the tablet has joined a study.
    pub(crate) joined: bool,
    /// Why it does not know where it stands though it has joined.
    pub(crate) trouble: Option<String>,
    /// The files of the study that it may join.
    pub(crate) offered: Option<StudyPack>,
    /// The ward's code.
    pub(crate) ward: String,
    /// What people call it.
    pub(crate) name: String,
    /// The only form, if there is one.
    pub(crate) form: Option<String>,
    /// Where a stick is.
    pub(crate) sticks: Vec<PathBuf>,
}

impl Place {
    /// Of a tablet that has joined no study.
    fn nowhere(settings: &Settings) -> Self {
        let (ward, name) = (String::new(), String::new());
        let (offered, sticks) = (settings.pack.clone(), settings.sticks.clone());
        Self { joined: false, trouble: None, offered, ward, name, form: None, sticks }
    }

    /// The study as this tablet knows it; until it has joined one, the one that it may join.
    pub(crate) fn pack(&self, tablet: &Tablet) -> Result<StudyPack, Failure> {
        match &self.offered {
            Some(pack) if !self.joined => Ok(pack.clone()),
            _ => tablet.pack(),
        }
    }
}

/// The ward screen of one tablet.
pub struct Screen {
    shared: Arc<Shared>,
    listener: TcpListener,
}

struct Shared {
    tablet: Tablet,
    settings: Settings,
    place: Mutex<Arc<Place>>,
    guard: Guard,
    hands: Mutex<Hands>,
}

impl Screen {
    /// A screen that listens on this device and nowhere else. `port` 0 takes a free one. What somebody left unfinished when the
    /// program ended is kept for them, see [`Tablet::drafts`].
    ///
    /// # Errors
    /// [`Failure::Invalid`] when the tablet has joined no study and none is offered, when it is not said which of its wards this is, and
    /// when the port is taken; storage failures.
    pub async fn open(tablet: Tablet, settings: Settings, port: u16) -> Result<Self, Failure> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|error| Failure::Invalid(format!("port {port} of this device: {error}")))?;
        let at = listener.local_addr().map_err(|error| Failure::Internal(error.to_string()))?;
        let guard = Guard::new(at).map_err(|error| Failure::Internal(error.to_string()))?;
        let work = move || -> Result<Shared, Failure> {
            let place = place(&tablet, &settings)?;
            let pack = place.pack(&tablet)?;
            let language = pack.study().wordings.first().map(|wording| wording.language.clone());
            let mode = act::unfinished(&tablet, &place)?;
            let hands = Hands::new(mode, language.unwrap_or_else(|| "en".to_owned()), tablet.clock().now());
            let place = Mutex::new(Arc::new(place));
            Ok(Shared { tablet, settings, place, guard, hands: Mutex::new(hands) })
        };
        let shared = tokio::task::spawn_blocking(work).await;
        let shared = shared.map_err(|error| Failure::Internal(error.to_string()))??;
        Ok(Self { shared: Arc::new(shared), listener })
    }

    /// The address to open in this device's browser. It holds a secret: whoever knows it, on this device, has the tablet in their
    /// hands.
    #[must_use]
    pub fn address(&self) -> String {
        self.shared.guard.home()
    }

    /// An address that leads to the screen once: for a browser that is started with it, where others on this device could read it. Asked
    /// for again, the one before leads nowhere.
    ///
    /// # Errors
    /// [`Failure::Internal`] when this system gives no random numbers.
    pub fn door(&self) -> Result<String, Failure> {
        self.shared.guard.door().map_err(|error| Failure::Internal(error.to_string()))
    }

    /// Serves until `stop` is done.
    ///
    /// # Errors
    /// When the device no longer lets it listen.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let router = Router::new().fallback(answer).with_state(self.shared);
        axum::serve(self.listener, router).with_graceful_shutdown(stop).await
    }
}

fn place(tablet: &Tablet, settings: &Settings) -> Result<Place, Failure> {
    let offered = settings.pack.clone();
    if offered.is_some() && !tablet.has_joined()? {
        return Ok(Place::nowhere(settings));
    }
    let asked = settings.ward.as_deref();
    let (pack, granted) = (tablet.pack()?, tablet.status()?.wards);
    let code = match (asked, granted.as_slice()) {
        (Some(code), _) if granted.iter().any(|known| known == code) => code,
        (Some(code), _) => {
            let known = granted.join(", ");
            return Err(Failure::Invalid(format!(
                "this tablet does not collect on a ward \"{code}\", only on: {known}"
            )));
        }
        (None, [only]) => only,
        (None, _) => {
            let known = granted.join(", ");
            return Err(Failure::Invalid(format!("say which ward this tablet is on, one of: {known}")));
        }
    };
    let name = pack.study().ward(code).map_or_else(|| code.to_owned(), |ward| ward.name.clone());
    if let Some(form) = &settings.form
        && pack.instrument(form).is_none()
    {
        return Err(Failure::Invalid(format!("the study has no form \"{form}\"")));
    }
    Ok(Place {
        joined: true,
        trouble: None,
        offered,
        ward: code.to_owned(),
        name,
        form: settings.form.clone(),
        sticks: settings.sticks.clone(),
    })
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let asked = match shared.guard.admit(&head) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.response(),
    };
    let posted = match asked {
        Asked::Act => match guard::body(body).await.and_then(|body| Posted::read(&body)) {
            Ok(posted) => Some(posted),
            Err(refusal) => return refusal.response(),
        },
        _ => None,
    };
    let here = head.headers.contains_key(HERE);
    // On this thread: everything waits for one state in any case, and going to another thread takes longer than most of what is done.
    // Whatever waits for a network has a thread of its own (`Work`).
    let work = || shared.answer(asked, posted.as_ref(), here);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Refusal::Broken.response())
}

impl Shared {
    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands: looked at again until the tablet has joined a study.
    fn place(&self) -> Arc<Place> {
        let mut known = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.joined {
            match place(&self.tablet, &self.settings) {
                Ok(now) => *known = Arc::new(now),
                // It has joined, and does not know where it stands.
                Err(failure) if known.trouble.is_none() => {
                    let trouble = Some(failure.to_string());
                    *known = Arc::new(Place { trouble, ..Place::nowhere(&self.settings) });
                }
                Err(_) => {}
            }
        }
        Arc::clone(&known)
    }

    /// `here`: the script takes the page after an act in place of the one on display; without it the browser is led to it.
    fn answer(&self, asked: Asked, posted: Option<&Posted>, here: bool) -> Response<Body> {
        let mut hands = self.hands();
        // A page of whoever still holds it hands in what stands there before anything is hidden; it turns no page then.
        let late = self.is_late(&hands);
        let known = posted.is_some_and(|posted| hands.issued(&posted.page).is_some());
        let answers = matches!(
            &hands.mode,
            Mode::Held(held) if held.covered.is_none() && held.staff.is_none() && held.words.is_none()
        );
        if late && known && answers {
            let touched = hands.touched.clone();
            let only = posted.map(Posted::only_answers);
            let saved = only.map_or(Ok(()), |only| self.act(&mut hands, &only, false).map(drop));
            hands.touched = touched;
            let done = saved.and_then(|()| self.notice_time(&mut hands)).map(|()| {
                // Whoever sat still for long and now wants to talk is heard all the same.
                if posted.is_some_and(|posted| posted.act == "talk") && !matches!(hands.mode, Mode::Locked(_))
                {
                    Acting { tablet: &self.tablet, place: &self.place(), hands: &mut hands }.wants_to_talk();
                }
                self.to_the_page()
            });
            return done.unwrap_or_else(|failure| self.failed(&mut hands, &failure));
        }
        let noticed = if known && !late { Ok(()) } else { self.notice_time(&mut hands) };
        let done = noticed.and_then(|()| match (asked, posted) {
            (Asked::Asset(name), _) => Ok(assets::named(&name).map_or_else(
                || Refusal::Nothing.response(),
                |(kind, bytes)| respond(StatusCode::OK, kind, bytes.into()),
            )),
            (Asked::Media(name), _) => self.media(&hands, &name),
            (Asked::Act, Some(posted)) => self.act(&mut hands, posted, here),
            (Asked::Door, _) => Ok(self.to_the_page()),
            _ => self.draw(&mut hands),
        });
        done.unwrap_or_else(|failure| self.failed(&mut hands, &failure))
    }

    /// What cannot be done is told without anything that somebody answered: the page goes to a member of staff.
    fn failed(&self, hands: &mut Hands, failure: &Failure) -> Response<Body> {
        if matches!(failure, Failure::Closed(_)) {
            // The form was ended: by time, or by another program that has the vault.
            let mode = act::unfinished(&self.tablet, &self.place()).unwrap_or(Mode::Locked(Start::Who));
            hands.release(mode);
        } else if matches!(&hands.mode, Mode::Held(held) if held.words.is_some()) {
            // What corrects a response opens with its words only, whoever looks next. What they had saved stays.
            hands.release(Mode::Locked(Start::Who));
            let _ = self.tablet.lock_own();
        } else if let Mode::Held(held) = &mut hands.mode
            && held.sitting.is_some()
            && held.staff.is_none()
        {
            held.covered = Some(false);
            hands.forget_pages();
        }
        self.fault(hands, failure)
    }

    /// Whether nobody has touched the tablet for so long that it is hidden.
    fn is_late(&self, hands: &Hands) -> bool {
        let Ok(pack) = self.place().pack(&self.tablet) else { return false };
        let hide_after = SignedDuration::from_mins(i64::from(pack.study().idle.hide_after_minutes));
        self.tablet.clock().now().duration_since(&hands.touched) >= hide_after
    }

    /// Hides what was left alone, and throws away what was left alone too long.
    fn notice_time(&self, hands: &mut Hands) -> Result<(), Failure> {
        let idle = self.place().pack(&self.tablet)?.study().idle;
        let now = self.tablet.clock().now();
        let corrected = matches!(&hands.mode, Mode::Held(held) if held.words.is_some());
        hands.left_alone(&now, SignedDuration::from_mins(i64::from(idle.hide_after_minutes)));
        if corrected && !matches!(hands.mode, Mode::Held(_)) {
            self.tablet.lock_own()?;
        }
        let waits = match &hands.mode {
            Mode::Left { .. } => true,
            Mode::Held(held) => held.covered.is_some(),
            _ => false,
        };
        let ended = if waits { self.tablet.end_idle()? } else { return Ok(()) };
        if ended.stopped + ended.kept > 0 {
            hands.today.on(now.date()).stopped += ended.stopped;
            let mode = act::unfinished(&self.tablet, &self.place())?;
            hands.release(mode);
        }
        Ok(())
    }

    fn act(&self, hands: &mut Hands, posted: &Posted, here: bool) -> Result<Response<Body>, Failure> {
        let held = !matches!(hands.mode, Mode::Locked(_));
        let then = Acting { tablet: &self.tablet, place: &self.place(), hands }.take(posted)?;
        Ok(match then {
            Then::Stay => respond(StatusCode::NO_CONTENT, HTML, Body::empty()),
            Then::Draw | Then::Gone => {
                let mut response = if here { self.draw(hands)? } else { self.to_the_page() };
                if held && matches!(hands.mode, Mode::Locked(Start::Who) | Mode::Ended(_)) {
                    // Nothing of whoever held it stays in the browser.
                    let all = HeaderValue::from_static("\"cache\", \"storage\"");
                    response.headers_mut().insert("clear-site-data", all);
                }
                response
            }
        })
    }

    fn to_the_page(&self) -> Response<Body> {
        let mut response = respond(StatusCode::SEE_OTHER, HTML, Body::empty());
        if let Ok(path) = HeaderValue::from_str(&self.guard.path()) {
            response.headers_mut().insert(LOCATION, path);
        }
        response
    }

    fn draw(&self, hands: &mut Hands) -> Result<Response<Body>, Failure> {
        let html = page::draw(&self.tablet, &self.place(), hands)?;
        Ok(respond(StatusCode::OK, HTML, html.into_string().into()))
    }

    /// A picture or recording of the form that is on display.
    fn media(&self, hands: &Hands, name: &str) -> Result<Response<Body>, Failure> {
        let Mode::Held(held) = &hands.mode else { return Ok(Refusal::Nothing.response()) };
        if held.sitting.is_none() || held.covered.is_some() || hands.talking {
            return Ok(Refusal::Nothing.response());
        }
        let pack = self.tablet.pack()?;
        let found = assets::media(&pack, &held.form.form_id, name);
        Ok(found.map_or_else(
            || Refusal::Nothing.response(),
            |(kind, bytes)| respond(StatusCode::OK, kind, bytes.to_vec().into()),
        ))
    }

    fn fault(&self, hands: &Hands, failure: &Failure) -> Response<Body> {
        let status = match failure {
            Failure::StorageFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        respond(status, HTML, page::fault(hands, failure).into_string().into())
    }
}
