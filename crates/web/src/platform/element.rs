//! Elements of the page: dialogs, focus, sizes and pointers.

use gloo::utils::document;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlSelectElement,
    HtmlTextAreaElement, PointerEvent, ResizeObserver,
};
use yew::{Callback, NodeRef};

/// Opens a `<dialog>` above everything else.
pub fn open_dialog(node: &NodeRef) {
    if let Some(dialog) = node.cast::<HtmlDialogElement>()
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

/// Closes a `<dialog>`; the focus goes back to where it was.
pub fn close_dialog(node: &NodeRef) {
    if let Some(dialog) = node.cast::<HtmlDialogElement>() {
        dialog.close();
    }
}

/// Moves the focus.
pub fn focus(node: &NodeRef) {
    if let Some(element) = node.cast::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Takes the focus away.
pub fn blur(node: &NodeRef) {
    if let Some(element) = node.cast::<HtmlElement>() {
        let _ = element.blur();
    }
}

/// Marks all of a field's text, ready to be copied.
pub fn select_all(node: &NodeRef) {
    if let Some(field) = node.cast::<HtmlInputElement>() {
        field.select();
    } else if let Some(field) = node.cast::<HtmlTextAreaElement>() {
        field.select();
    }
}

/// What a field holds.
#[must_use]
pub fn value(node: &NodeRef) -> Option<String> {
    let input = node.cast::<HtmlInputElement>().map(|field| field.value());
    input.or_else(|| node.cast::<HtmlTextAreaElement>().map(|field| field.value()))
}

/// Which entry was chosen in the list that the event comes from, from 0.
#[must_use]
pub fn chosen(event: &Event) -> Option<u32> {
    let list = event.target()?.dyn_into::<HtmlSelectElement>().ok()?;
    u32::try_from(list.selected_index()).ok()
}

/// What was typed into the field that the event comes from.
#[must_use]
pub fn typed(event: &Event) -> Option<String> {
    Some(event.target()?.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Puts the caret of a text area before character `index` (in UTF-16 units, as browsers count) and
/// shows it.
pub fn put_caret(node: &NodeRef, index: u32) {
    if let Some(area) = node.cast::<HtmlTextAreaElement>() {
        let _ = area.focus();
        let _ = area.set_selection_range(index, index);
    }
}

/// Scrolls the first element that matches into view, no further than needed.
pub fn reveal(selector: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Sets the title of the page's tab.
pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Where the pointer is inside an element: pixels from its left and top edge.
#[must_use]
pub fn place_in(event: &PointerEvent, node: &NodeRef) -> Option<(f64, f64)> {
    let rect = node.cast::<Element>()?.get_bounding_client_rect();
    Some((f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top()))
}

/// Where the pointer is inside an element: shares of its width and height.
#[must_use]
pub fn share_of(event: &PointerEvent, node: &NodeRef) -> Option<(f32, f32)> {
    let rect = node.cast::<Element>()?.get_bounding_client_rect();
    let share = |at: f64, from: f64, len: f64| if len > 0.0 { (at - from) / len } else { 0.0 };
    let x = share(f64::from(event.client_x()), rect.left(), rect.width());
    let y = share(f64::from(event.client_y()), rect.top(), rect.height());
    #[expect(clippy::cast_possible_truncation, reason = "shares")]
    let shares = (x as f32, y as f32);
    Some(shares)
}

/// Width of the first element that matches, in pixels.
#[must_use]
pub fn inner_width(selector: &str) -> Option<f64> {
    let element = document().query_selector(selector).ok().flatten()?;
    Some(f64::from(element.client_width()))
}

/// Sends the pointer's further moves to an element until it is let go.
pub fn capture(event: &PointerEvent, node: &NodeRef) {
    if let Some(element) = node.cast::<Element>() {
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// Tells an element's width until dropped.
pub struct WidthObserver {
    observer: ResizeObserver,
    _told: Closure<dyn FnMut()>,
}

impl WidthObserver {
    /// Calls with the width in pixels, now and whenever it changes.
    #[must_use]
    pub fn new(node: &NodeRef, tell: Callback<f64>) -> Option<Self> {
        let element = node.cast::<HtmlElement>()?;
        let seen = element.clone();
        let told = Closure::<dyn FnMut()>::new(move || tell.emit(f64::from(seen.client_width())));
        let observer = ResizeObserver::new(told.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Self { observer, _told: told })
    }
}

impl Drop for WidthObserver {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
