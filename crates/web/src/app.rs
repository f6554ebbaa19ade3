//! The root: owns the session, hands models to the page, and does in the browser what a change asks
//! for.

use std::cell::OnceCell;
use std::rc::Rc;

use rangewalk_core::trace::Place;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::clock::Motion;
use crate::command::{Command, Go, Panel, View};
use crate::model::editor::{EditorModel, editor};
use crate::model::gallery::Card;
use crate::model::share::{ShareModel, iframe, opens};
use crate::model::stage::{StageForm, StageModel, stage};
use crate::model::timeline::{Segment, TimelineModel, overview, timeline};
use crate::parts::{self, Part};
use crate::platform::keys::{self, Taken};
use crate::platform::media::{self, Query};
use crate::platform::ticker::Ticker;
use crate::platform::{Listener, element, idle, location, panic, storage};
use crate::scene::{Frame, Scene, Subject};
use crate::session::{Changed, Pace, Session, can_open};
use crate::start::{Start, first_of_gallery, lost, open};
use crate::view::page::{Form, PageModel, page};
use crate::view::share::Export;
use crate::view::transport::TransportModel;

/// What the root is told.
pub enum Msg {
    /// A request.
    Do(Command),
    /// The address bar holds another view or link.
    Address(View, String),
    /// Window or user preferences are others.
    Media,
    /// The page may be about to go away.
    Leave,
    /// A file is wanted.
    Export(Export),
    /// There is time for what nobody has asked for yet.
    Idle,
    /// A late part came, or could not be fetched.
    Came(Part, Arrival),
}

/// How a late part's journey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is here.
    Here,
    /// The page's folder was out of reach.
    Lost,
}

/// The whole page.
pub struct App {
    session: Session,
    view: View,
    /// Where the view that is opened next shall stand.
    goal: Option<Place>,
    /// What stands in the stage's place.
    scene: Option<Box<dyn Scene>>,
    form: Form,
    editor: Rc<EditorModel>,
    /// The one that the editor marks.
    statement: Option<usize>,
    stage: Rc<StageModel>,
    timeline: Rc<TimelineModel>,
    overview: Rc<[Segment]>,
    /// Made when the gallery is first opened: each scenario is run for it.
    cards: OnceCell<Rc<[Card]>>,
    on_command: Callback<Command>,
    on_export: Callback<Export>,
    ticker: Option<Ticker>,
    reveal: bool,
    /// The address bar holds a link that waits to be read.
    unread: bool,
    /// A request that waits for the emulator.
    waiting: Option<Command>,
    /// Late parts under way.
    fetching: Vec<Part>,
    /// The address bar waits to be written.
    unsaved: bool,
    _listeners: [Listener; 5],
}

impl Component for App {
    type Message = Msg;
    type Properties = Start;

    fn create(ctx: &Context<Self>) -> Self {
        let form = form();
        let (session, goal) = ctx.props().take().unwrap_or_else(open);
        let link = ctx.link();
        let command = link.callback(Msg::Do);
        let pressed = Callback::from(move |key| match Command::of_key(&key) {
            Some(Command::Show(panel)) if form == Form::Embed && !is_for_embeds(panel) => Taken::No,
            Some(wanted) => {
                command.emit(wanted);
                Taken::Yes
            }
            None => Taken::No,
        });
        let listeners = [
            panic::listen(),
            keys::on_key(pressed),
            media::on_change(&link.callback(|()| Msg::Media)),
            location::on_address(link.callback(|(view, fragment)| Msg::Address(view, fragment))),
            location::on_leave(link.callback(|()| Msg::Leave)),
        ];
        let mut app = Self {
            view: location::view(),
            goal,
            scene: None,
            editor: Rc::new(editor(session.text(), session.story(), false)),
            stage: Rc::new(stage_of(&session, form)),
            timeline: Rc::new(timeline_of(&session)),
            overview: overview(session.story(), session.text()).into(),
            statement: session.story().statement(),
            session,
            form,
            cards: OnceCell::new(),
            on_command: link.callback(Msg::Do),
            on_export: link.callback(Msg::Export),
            ticker: None,
            reveal: true,
            unread: false,
            waiting: None,
            fetching: Vec::new(),
            unsaved: false,
            _listeners: listeners,
        };
        app.look();
        app.act(ctx, Changed::RUN);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let changed = match msg {
            Msg::Do(command) => self.apply(command),
            Msg::Address(view, fragment) => self.follow_link(view, &fragment),
            Msg::Media => {
                self.form = form();
                self.session.set_motion(motion());
                Changed::PLACE
            }
            Msg::Leave if self.session.is_unsaved() => Changed::SAVE,
            Msg::Leave => Changed::empty(),
            Msg::Export(export) => {
                if let Some(panels) = parts::panels() {
                    (panels.export)(&self.session, &self.title(), export);
                }
                self.session.apply(Command::Hide)
            }
            Msg::Idle => {
                Part::ALL.into_iter().for_each(|part| self.fetch(ctx, part));
                return false;
            }
            Msg::Came(part, arrival) => self.welcome(part, arrival),
        };
        self.react(ctx, changed);
        !(changed - Changed::SAVE).is_empty()
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let session = &self.session;
        let story = session.story();
        let said = AttrValue::from(self.stage.sentence.plain());
        let spoken = match (&self.scene, session.pace()) {
            (Some(scene), _) => scene.spoken(),
            (None, Pace::Stepped) if !session.playback().is_playing() => said.clone(),
            _ => AttrValue::from(""),
        };
        let (form, on_command) = (self.form, self.on_command.clone());
        let scene = self.scene.as_ref();
        let scene = scene.map(|scene| scene.draw(&Frame { form, on_command }));
        page(&PageModel {
            form: self.form,
            view: self.view,
            scene,
            text: session.text().clone(),
            title: self.title(),
            kernel: story.run().timeline.world().kernel().name,
            editor: self.editor.clone(),
            stage: self.stage.clone(),
            pace: session.pace(),
            timeline: self.timeline.clone(),
            overview: self.overview.clone(),
            transport: self.transport(),
            said,
            spoken,
            share: self.share(),
            cards: parts::panels()
                .filter(|_| session.panel() == Some(Panel::Gallery))
                .map(|panels| self.cards.get_or_init(|| (panels.cards)().into()).clone()),
            panel: session.panel(),
            notice: session.notice().cloned(),
            on_command: self.on_command.clone(),
            on_export: self.on_export.clone(),
        })
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if std::mem::take(&mut self.reveal) {
            element::reveal(".line.here");
        }
        // They will be wanted: once the picture stands there is time to fetch them.
        if first && self.form != Form::Embed {
            let link = ctx.link().clone();
            idle::when_idle(move || link.send_message(Msg::Idle));
        }
    }
}

impl App {
    fn apply(&mut self, command: Command) -> Changed {
        let early = match &command {
            Command::Open(opened) => !can_open(&opened.text),
            Command::Restore => !Part::Emulator.is_here(),
            _ => false,
        };
        if early {
            self.waiting = Some(command);
            // The emulator is asked for.
            return Changed::OVERLAY;
        }
        if let Command::Open(opened) = &command {
            self.goal = opened.place;
            self.scene = None;
        }
        let done = self.scene.as_mut().and_then(|scene| scene.apply(&command));
        if done.is_some_and(|changed| changed.contains(Changed::PLACE)) {
            self.session.moved();
        }
        match (command, done) {
            (Command::Look(view), _) => self.go_over(view),
            // Time passes for both.
            (Command::Tick(elapsed), Some(changed)) => {
                changed | self.session.apply(Command::Tick(elapsed))
            }
            (_, Some(changed)) => changed,
            (command, None) => self.session.apply(command),
        }
    }

    /// Puts another view in the place of the one on show, at the same place of the run.
    fn go_over(&mut self, view: View) -> Changed {
        if view == self.view {
            return Changed::empty();
        }
        let place = self.place();
        match parts::links().map(|it| (it.write)(&self.session, place)) {
            Some(Ok(fragment)) => {
                // Back shall lead to this very place, saved or not.
                location::replace_fragment(&fragment);
                location::push_view(view, &fragment);
            }
            // The view stands in the address at once; the link follows when it can be written.
            _ => {
                location::push_view(view, &location::fragment());
                self.unsaved = true;
            }
        }
        (self.view, self.goal) = (view, Some(place));
        let at = self.session.story().steps_at(place);
        self.session.apply(Command::Go(Go::To(at)))
            | self.session.apply(Command::Hide)
            | Changed::RUN
            | Changed::PLACE
    }

    /// Where the page stands.
    fn place(&self) -> Place {
        let scene = self.scene.as_ref().and_then(|scene| scene.place());
        scene.unwrap_or_else(|| self.session.story().place())
    }

    /// Opens the view on show anew: its run is another.
    fn look(&mut self) {
        self.scene = match (self.view, parts::scenes()) {
            // It stands there by itself.
            (View::Stage, _) => {
                self.goal = None;
                None
            }
            // When it has come, `welcome` looks again.
            (_, None) => None,
            (view, Some(scenes)) => {
                let place = self.goal.take().unwrap_or_else(|| self.place());
                let subject = Subject { text: self.session.text(), place, motion: motion() };
                (scenes.open)(view, subject)
            }
        };
    }

    fn transport(&self) -> TransportModel {
        let mut model = transport(&self.session);
        if let Some(scene) = &self.scene {
            (model.step, model.whole) = (scene.position(), scene.position());
        }
        model
    }

    /// Makes the models that a change concerns anew, and does in the browser what it asks for.
    fn react(&mut self, ctx: &Context<Self>, changed: Changed) {
        if changed.contains(Changed::RUN) {
            self.look();
        }
        self.model(changed);
        self.act(ctx, changed);
    }

    fn model(&mut self, changed: Changed) {
        let session = &self.session;
        let statement = session.story().statement();
        if changed.intersects(Changed::TEXT | Changed::RUN) || statement != self.statement {
            self.statement = statement;
            let editor = editor(session.text(), session.story(), session.is_stale());
            if *self.editor != editor {
                self.editor = Rc::new(editor);
                // While one types, the text stays where it is.
                let (text, run) = (changed.contains(Changed::TEXT), changed.contains(Changed::RUN));
                self.reveal = text == run;
            }
        }
        // Nobody sees the stage while something else stands in its place.
        let seen = self.scene.is_none();
        if changed.contains(Changed::RUN) || seen && changed.contains(Changed::PLACE) {
            self.stage = Rc::new(stage_of(session, self.form));
        }
        if changed.intersects(Changed::RUN | Changed::WINDOW) {
            self.timeline = Rc::new(timeline_of(session));
        }
        if changed.contains(Changed::RUN) {
            self.overview = overview(session.story(), session.text()).into();
        }
    }

    fn act(&mut self, ctx: &Context<Self>, changed: Changed) {
        if changed.intersects(Changed::TEXT | Changed::RUN) {
            panic::keep(self.session.text());
            if self.session.is_edited() && self.form != Form::Embed {
                storage::keep_draft(self.session.text());
            }
        }
        if changed.contains(Changed::RUN) {
            element::set_title(&format!("{} · Rangewalk", self.title()));
        }
        if self.form != Form::Embed {
            self.save(changed);
        }
        for part in Part::ALL {
            if !changed.is_empty() && self.waits_for(part) {
                self.fetch(ctx, part);
            }
        }
        let scene = self.scene.as_ref().is_some_and(|scene| scene.wants_ticks());
        match (self.session.wants_ticks() || scene, self.ticker.is_some()) {
            (true, false) => {
                let tick = ctx.link().callback(|elapsed| Msg::Do(Command::Tick(elapsed)));
                self.ticker = Some(Ticker::new(tick));
            }
            (false, true) => self.ticker = None,
            _ => {}
        }
    }

    /// True if something is not to be seen, or not done, until this part is here.
    fn waits_for(&self, part: Part) -> bool {
        let asked = match part {
            Part::Links => self.unread,
            Part::Emulator => self.unread || self.waiting.is_some() || self.session.is_stale(),
            Part::Panels | Part::Scenes => false,
        };
        !part.is_here() && (asked || part.is_for(self.view, self.session.panel()))
    }

    /// Fetches a part, unless it is here or on its way, and tells the page.
    fn fetch(&mut self, ctx: &Context<Self>, part: Part) {
        if part.is_here() || self.fetching.contains(&part) {
            return;
        }
        self.fetching.push(part);
        let link = ctx.link().clone();
        spawn_local(async move {
            let arrival = match parts::load(part).await {
                Ok(()) => Arrival::Here,
                Err(_) => Arrival::Lost,
            };
            link.send_message(Msg::Came(part, arrival));
        });
    }

    /// Keeps the address bar up to date.
    fn save(&mut self, changed: Changed) {
        if !changed.intersects(Changed::OPENED | Changed::SAVE) {
            return;
        }
        let links = parts::links();
        self.unsaved = links.is_none();
        let place = self.place();
        let Some(Ok(fragment)) = links.map(|links| (links.write)(&self.session, place)) else {
            return;
        };
        if changed.contains(Changed::OPENED) {
            location::push_fragment(&fragment);
        } else {
            location::replace_fragment(&fragment);
        }
    }

    /// A link was pasted into the address bar, or the user went back.
    fn follow_link(&mut self, view: View, fragment: &str) -> Changed {
        (self.view, self.scene) = (view, None);
        if fragment.is_empty() {
            // Back to how the page was first opened.
            return self.session.apply(Command::Open(first_of_gallery())) - Changed::OPENED;
        }
        let Some(links) = parts::links().filter(|_| Part::Emulator.is_here()) else {
            self.unread = true;
            // They are asked for.
            return Changed::OVERLAY;
        };
        match (links.read)(fragment) {
            Ok(opened) if *opened.text == **self.session.text() => {
                let story = self.session.story();
                let at =
                    opened.place.map_or_else(|| story.opening(), |place| story.steps_at(place));
                self.goal = opened.place;
                self.session.apply(Command::Go(Go::To(at))) | Changed::RUN | Changed::PLACE
            }
            // It stands in the address bar already.
            Ok(opened) => {
                self.goal = opened.place;
                self.session.apply(Command::Open(opened)) - Changed::OPENED
            }
            Err(notice) => {
                self.session.apply(Command::Notify(notice))
                    | self.session.apply(Command::Show(Panel::Gallery))
            }
        }
    }

    /// A late part came: what waited for it goes on. Or it did not: that is said if anything waits.
    fn welcome(&mut self, part: Part, arrival: Arrival) -> Changed {
        self.fetching.retain(|it| *it != part);
        if arrival == Arrival::Lost {
            return if self.waits_for(part) { self.give_up() } else { Changed::empty() };
        }
        match part {
            Part::Links | Part::Emulator if std::mem::take(&mut self.unread) => {
                self.follow_link(self.view, &location::fragment())
            }
            Part::Links if self.unsaved => Changed::SAVE,
            Part::Emulator => match self.waiting.take() {
                Some(command) => self.apply(command),
                None => Changed::empty(),
            },
            Part::Scenes if part.is_for(self.view, None) => Changed::RUN | Changed::PLACE,
            _ => Changed::OVERLAY,
        }
    }

    /// What waits for a part is let go, and that is said.
    fn give_up(&mut self) -> Changed {
        (self.unread, self.waiting, self.view) = (false, None, View::Stage);
        self.session.apply(Command::Hide) | self.session.apply(Command::Notify(lost()))
    }

    fn title(&self) -> AttrValue {
        let title = self.session.story().title();
        if title.is_empty() { "Untitled scenario".into() } else { title.into() }
    }

    /// Links, where they are on show.
    fn share(&self) -> Option<Rc<ShareModel>> {
        let panel = self.session.panel();
        if self.form != Form::Embed && !matches!(panel, Some(Panel::Share | Panel::Embed)) {
            return None;
        }
        let fragment = (parts::links()?.write)(&self.session, self.place());
        let made = |make: &dyn Fn(&str) -> String| match &fragment {
            Ok(fragment) => Ok(AttrValue::from(make(fragment))),
            Err(error) => Err(AttrValue::from(error.to_string())),
        };
        Some(Rc::new(ShareModel {
            what: opens(self.view, self.transport().step).into(),
            link: made(&|fragment| location::page_address(self.view, fragment)),
            iframe: made(&|fragment| {
                iframe(&location::embed_address(self.view, fragment), &self.title())
            }),
        }))
    }
}

/// How the page is laid out.
pub(crate) fn form() -> Form {
    if location::is_embed() {
        Form::Embed
    } else if Query::Phone.holds() {
        Form::Phone
    } else if Query::Narrow.holds() {
        Form::Narrow
    } else {
        Form::Wide
    }
}

/// How much may move.
pub(crate) fn motion() -> Motion {
    if Query::ReducedMotion.holds() { Motion::Reduced } else { Motion::Full }
}

/// An embed stays what its page made it.
const fn is_for_embeds(panel: Panel) -> bool {
    matches!(panel, Panel::Help | Panel::GoTo)
}

fn stage_of(session: &Session, form: Form) -> StageModel {
    let story = session.story();
    let form = match form {
        Form::Wide | Form::Narrow => StageForm::Full,
        Form::Phone => StageForm::Phone,
        Form::Embed => StageForm::Embed,
    };
    stage(story.run(), story.index(), form)
}

fn timeline_of(session: &Session) -> TimelineModel {
    timeline(session.story(), session.window())
}

fn transport(session: &Session) -> TransportModel {
    let story = session.story();
    let (at, span) = (story.at(), story.span());
    TransportModel {
        step: (at - span.start, span.end - span.start),
        statement: (story.statement().map_or(0, |index| index + 1), story.acts().len()),
        whole: (at, story.steps()),
        changes: (story.changes_in(span.start..at), story.changes_in(span)),
        playing: session.playback().is_playing(),
        speed: session.playback().steps_a_second(),
    }
}
