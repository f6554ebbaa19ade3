//! Markup as in Yew's `html!`, made by calls. Yew's macro spells out in code, where they stand, how
//! each attribute and child is stored; a page of some three hundred elements weighs a third as much
//! if a few functions do that for all of them. Components are left to Yew's own macro.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use yew::prelude::*;
use yew::virtual_dom::{Key, Listener, ListenerKind, VList, VTag, VText};

/// Elements, text and `{ values }` as a node: see [`Markup`] for what may stand where. There are
/// `if`, `if let` and `{ for nodes }`, but no components.
macro_rules! html {
    () => { ::yew::Html::default() };
    ($($rest:tt)*) => {{
        let mut markup = $crate::view::markup::Markup::default();
        $crate::view::markup::inside!(markup $($rest)*);
        markup.done()
    }};
}

/// What stands between tags.
macro_rules! inside {
    ($m:ident) => {};
    ($m:ident < > $($rest:tt)*) => { $crate::view::markup::inside!($m $($rest)*); };
    ($m:ident < / > $($rest:tt)*) => { $crate::view::markup::inside!($m $($rest)*); };
    ($m:ident < / $tag:ident > $($rest:tt)*) => {
        $m.close();
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident < $tag:ident $($rest:tt)*) => {
        $m.open(stringify!($tag));
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident if $($rest:tt)*) => { $crate::view::markup::choice!($m [] $($rest)*); };
    ($m:ident { for $nodes:expr } $($rest:tt)*) => {
        $m.nodes($nodes);
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident { $text:literal } $($rest:tt)*) => {
        $m.text($text);
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident { $node:expr } $($rest:tt)*) => {
        $m.node($node);
        $crate::view::markup::inside!($m $($rest)*);
    };
}

/// What stands inside a tag.
macro_rules! tag {
    ($m:ident > $($rest:tt)*) => { $crate::view::markup::inside!($m $($rest)*); };
    ($m:ident / > $($rest:tt)*) => {
        $m.close();
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident { $name:ident } $($rest:tt)*) => {
        $m.set(stringify!($name), $name);
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident ref = { $node:expr } $($rest:tt)*) => {
        $m.known_as($node);
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident key = { $key:expr } $($rest:tt)*) => {
        $m.key($key);
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident key = $key:literal $($rest:tt)*) => {
        $m.key($key);
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident $name:ident $(- $more:ident)* = { $value:expr } $($rest:tt)*) => {
        $m.set(concat!(stringify!($name) $(, "-", stringify!($more))*), $value);
        $crate::view::markup::tag!($m $($rest)*);
    };
    ($m:ident $name:ident $(- $more:ident)* = $value:literal $($rest:tt)*) => {
        $m.set(concat!(stringify!($name) $(, "-", stringify!($more))*), $value);
        $crate::view::markup::tag!($m $($rest)*);
    };
}

/// An `if` between tags; the condition is collected up to the first brace.
macro_rules! choice {
    ($m:ident [$($if:tt)*] { $($then:tt)* } else { $($else:tt)* } $($rest:tt)*) => {
        $m.node(if $($if)* {
            $crate::view::markup::html!($($then)*)
        } else {
            $crate::view::markup::html!($($else)*)
        });
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident [$($if:tt)*] { $($then:tt)* } $($rest:tt)*) => {
        $m.node(if $($if)* { Some($crate::view::markup::html!($($then)*)) } else { None });
        $crate::view::markup::inside!($m $($rest)*);
    };
    ($m:ident [$($if:tt)*] $next:tt $($rest:tt)*) => {
        $crate::view::markup::choice!($m [$($if)* $next] $($rest)*);
    };
}

pub(crate) use {choice, html, inside, tag};

/// Nodes in the making: elements that are open, and what is done already.
#[derive(Default)]
pub(crate) struct Markup {
    open: Vec<VTag>,
    done: Vec<Html>,
}

impl Markup {
    /// Begins an element.
    #[inline(never)]
    pub(crate) fn open(&mut self, tag: &'static str) {
        self.open.push(VTag::new(tag));
    }

    /// Ends the innermost element.
    #[inline(never)]
    pub(crate) fn close(&mut self) {
        if let Some(element) = self.open.pop() {
            self.add(element.into());
        }
    }

    /// An attribute or a listener of the innermost element.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Value) {
        value.set(name, self);
    }

    #[inline(never)]
    fn attribute(&mut self, name: &'static str, value: AttrValue) {
        let Some(element) = self.open.last_mut() else { return };
        match (name, element.tag()) {
            ("class", _) if value.is_empty() => {}
            // Theirs is what the user sees, not what the document said.
            ("value", "input" | "textarea") => element.set_value(value),
            _ => element.add_attribute(name, value),
        }
    }

    #[inline(never)]
    fn listener(&mut self, listener: Rc<dyn Listener>) {
        if let Some(element) = self.open.last_mut() {
            element.add_listener(listener);
        }
    }

    /// What the innermost element is among its brothers.
    #[inline(never)]
    pub(crate) fn key(&mut self, key: impl Into<Key>) {
        if let Some(element) = self.open.last_mut() {
            element.key = Some(key.into());
        }
    }

    /// How the innermost element is found later.
    #[inline(never)]
    pub(crate) fn known_as(&mut self, node: NodeRef) {
        if let Some(element) = self.open.last_mut() {
            element.node_ref = node;
        }
    }

    /// Text that is always the same.
    #[inline(never)]
    pub(crate) fn text(&mut self, text: &'static str) {
        self.node(AttrValue::Static(text));
    }

    /// A child.
    pub(crate) fn node(&mut self, node: impl Node) {
        self.add(node.node());
    }

    /// Children that find each other again by their keys or by their order, apart from the others.
    pub(crate) fn nodes(&mut self, nodes: impl IntoIterator<Item = impl Node>) {
        self.node(nodes.into_iter().map(Node::node).collect::<Vec<Html>>());
    }

    #[inline(never)]
    fn add(&mut self, node: Html) {
        match self.open.last_mut() {
            Some(element) => element.add_child(node),
            None => self.done.push(node),
        }
    }

    /// All of it.
    #[inline(never)]
    pub(crate) fn done(mut self) -> Html {
        match self.done.pop() {
            Some(only) if self.done.is_empty() => only,
            last => {
                self.done.extend(last);
                self.done.node()
            }
        }
    }
}

/// What can stand behind an attribute's name.
pub(crate) trait Value {
    /// Gives the innermost element its attribute or listener.
    fn set(self, name: &'static str, markup: &mut Markup);
}

impl Value for &'static str {
    fn set(self, name: &'static str, markup: &mut Markup) {
        markup.attribute(name, AttrValue::Static(self));
    }
}

impl Value for String {
    #[inline(never)]
    fn set(self, name: &'static str, markup: &mut Markup) {
        markup.attribute(name, self.into());
    }
}

impl Value for AttrValue {
    fn set(self, name: &'static str, markup: &mut Markup) {
        markup.attribute(name, self);
    }
}

/// There or not, without a value.
impl Value for bool {
    #[inline(never)]
    fn set(self, name: &'static str, markup: &mut Markup) {
        if self {
            markup.attribute(name, AttrValue::Static(name));
        }
    }
}

impl<V: Value> Value for Option<V> {
    fn set(self, name: &'static str, markup: &mut Markup) {
        if let Some(value) = self {
            value.set(name, markup);
        }
    }
}

/// Named `on` and the event.
impl<E: JsCast + 'static> Value for Callback<E> {
    fn set(self, name: &'static str, markup: &mut Markup) {
        markup.listener(Rc::new(Heard { event: &name[2..], tell: self }));
    }
}

struct Heard<E> {
    event: &'static str,
    tell: Callback<E>,
}

impl<E: JsCast + 'static> Listener for Heard<E> {
    fn kind(&self) -> ListenerKind {
        ListenerKind::other(self.event.into())
    }

    fn handle(&self, event: Event) {
        self.tell.emit(event.unchecked_into());
    }

    fn passive(&self) -> bool {
        false
    }
}

/// What can stand between tags.
pub(crate) trait Node {
    /// As a node.
    fn node(self) -> Html;
}

impl Node for Html {
    fn node(self) -> Html {
        self
    }
}

impl Node for AttrValue {
    #[inline(never)]
    fn node(self) -> Html {
        VText::new(self).into()
    }
}

impl Node for &AttrValue {
    fn node(self) -> Html {
        self.clone().node()
    }
}

impl Node for String {
    #[inline(never)]
    fn node(self) -> Html {
        AttrValue::from(self).node()
    }
}

impl Node for &String {
    fn node(self) -> Html {
        self.clone().node()
    }
}

impl Node for &str {
    #[inline(never)]
    fn node(self) -> Html {
        self.to_owned().node()
    }
}

impl Node for u32 {
    #[inline(never)]
    fn node(self) -> Html {
        self.to_string().node()
    }
}

/// None holds the place.
impl<N: Node> Node for Option<N> {
    fn node(self) -> Html {
        self.map_or_else(Html::default, Node::node)
    }
}

impl Node for Vec<Html> {
    #[inline(never)]
    fn node(self) -> Html {
        VList::from(self).into()
    }
}
