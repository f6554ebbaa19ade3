//! The one type of component below the root. Yew's code for a type weighs some four kilobytes, so
//! what is redrawn by itself or has a state of its own is a value here.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use crate::platform::element::WidthObserver;

/// Something on the page that is redrawn only when it changes.
pub trait Piece: Any {
    /// True if it draws the same as `before`: most ask [`is_same`].
    fn is_like(&self, before: &dyn Piece) -> bool;

    /// What is seen.
    fn draw(&self, own: &Own) -> Html;

    /// How wide it is until the browser has told, if it is as wide as the page lets it: its state
    /// is then a [`Plot`], and it is drawn again when its width changes.
    fn first_width(&self) -> Option<f64> {
        None
    }

    /// Its state when it comes onto the page.
    fn state(&self) -> Rc<dyn Any> {
        self.first_width().map_or_else(|| Rc::new(()) as Rc<dyn Any>, Plot::of_width)
    }

    /// It came onto the page.
    fn shown(&self, own: &Own) {
        if self.first_width().is_some() {
            Plot::watch(own);
        }
    }

    /// It was drawn, for the first time or again.
    fn drawn(&self, _: &Own) {}

    /// It is about to leave the page.
    fn leaves(&self, own: &Own) {
        if self.first_width().is_some() {
            Plot::leave(own);
        }
    }
}

/// True if `before` is of the same type and equal.
pub fn is_same<P: Piece + PartialEq>(piece: &P, before: &dyn Piece) -> bool {
    (before as &dyn Any).downcast_ref::<P>() == Some(piece)
}

/// What a piece has on the page: the same from the time it comes until it leaves.
#[derive(Clone)]
pub struct Own {
    /// Its element.
    pub node: NodeRef,
    /// Another one inside.
    pub inner: NodeRef,
    state: Rc<dyn Any>,
    redraw: Callback<()>,
}

impl Own {
    /// Its state, of the type that it began with.
    #[must_use]
    pub fn state<S: 'static>(&self) -> &S {
        self.state.downcast_ref().expect("a piece's state keeps its type")
    }

    /// Draws it again.
    pub fn redraw(&self) {
        self.redraw.emit(());
    }
}

/// Where something is drawn that is as wide as the page lets it.
pub struct Plot {
    /// Pixels.
    pub width: Cell<f64>,
    /// Where the pointer hovers.
    pub hover: Cell<Option<(f64, f64)>>,
    observer: RefCell<Option<WidthObserver>>,
}

impl Plot {
    /// As long as the browser has not told the width.
    fn of_width(width: f64) -> Rc<dyn Any> {
        let (hover, observer) = (Cell::new(None), RefCell::new(None));
        Rc::new(Self { width: Cell::new(width), hover, observer })
    }

    /// Redraws a piece with this state when its width changes.
    fn watch(own: &Own) {
        let told = {
            let own = own.clone();
            Callback::from(move |px| {
                if own.state::<Self>().width.replace(px) != px {
                    own.redraw();
                }
            })
        };
        *own.state::<Self>().observer.borrow_mut() = WidthObserver::new(&own.node, told);
    }

    /// Ends that.
    fn leave(own: &Own) {
        own.state::<Self>().observer.take();
    }
}

/// What a [`Live`] shows.
#[derive(Clone, Properties)]
pub struct LiveProps {
    /// Drawn, and compared by what it holds.
    pub piece: Rc<dyn Piece>,
}

impl PartialEq for LiveProps {
    fn eq(&self, other: &Self) -> bool {
        self.piece.is_like(&*other.piece)
    }
}

/// A piece on the page.
pub struct Live(Own);

impl Component for Live {
    type Message = ();
    type Properties = LiveProps;

    fn create(ctx: &Context<Self>) -> Self {
        Self(Own {
            node: NodeRef::default(),
            inner: NodeRef::default(),
            state: ctx.props().piece.state(),
            redraw: ctx.link().callback(|()| ()),
        })
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        ctx.props().piece.draw(&self.0)
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let piece = &ctx.props().piece;
        if first {
            piece.shown(&self.0);
        }
        piece.drawn(&self.0);
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        ctx.props().piece.leaves(&self.0);
    }
}

/// A piece as a node.
pub fn live(piece: impl Piece) -> Html {
    component(None, Rc::new(piece))
}

/// A piece that finds itself again among its brothers.
pub fn live_as(key: u32, piece: impl Piece) -> Html {
    component(Some(key), Rc::new(piece))
}

#[inline(never)]
fn component(key: Option<u32>, piece: Rc<dyn Piece>) -> Html {
    match key {
        Some(key) => yew::html! { <Live {key} {piece}/> },
        None => yew::html! { <Live {piece}/> },
    }
}
