//! Files to take away: a download, and the picture as an SVG that stands alone.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::{
    Blob, BlobPropertyBag, CssStyleSheet, Element, HtmlAnchorElement, HtmlCanvasElement, Url,
    XmlSerializer,
};

/// Hands `content` to the user as a file.
pub fn save(name: &str, mime: &str, content: &str) {
    let _ = try_save(name, mime, content);
}

fn try_save(name: &str, mime: &str, content: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = js_sys::Array::of1(&JsValue::from_str(content));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // The click has taken hold of the content when it returns.
    Url::revoke_object_url(&address)
}

/// What a standalone picture is written in.
const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");

/// The first SVG that matches, with the page's styles inside it and `source` as its metadata.
#[must_use]
pub fn picture(selector: &str, source: &str) -> Option<String> {
    let picture = document().query_selector(selector).ok().flatten()?;
    let copy: Element = picture.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    alone(&copy, source)
}

/// The first part of the page that matches, in full, as an SVG around it.
#[must_use]
pub fn view(selector: &str, source: &str) -> Option<String> {
    let part = document().query_selector(selector).ok().flatten()?;
    let copy: Element = part.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    // A copy of a canvas is empty: a picture takes its place.
    let all = |of: &Element| of.query_selector_all("canvas").ok();
    let (painted, empty) = (all(&part)?, all(&copy)?);
    for at in 0..painted.length() {
        let from: HtmlCanvasElement = painted.get(at)?.dyn_into().ok()?;
        let to: Element = empty.get(at)?.dyn_into().ok()?;
        let picture = document().create_element("img").ok()?;
        picture.set_attribute("src", &from.to_data_url().ok()?).ok()?;
        picture.set_attribute("class", "cmp-painted").ok()?;
        to.replace_with_with_node_1(&picture).ok()?;
    }
    let picture = document().create_element_ns(SVG, "svg").ok()?;
    let inside = document().create_element_ns(SVG, "foreignObject").ok()?;
    inside.append_child(&copy).ok()?;
    picture.append_child(&inside).ok()?;
    let sizes = [("width", part.scroll_width()), ("height", part.scroll_height())];
    for (name, size) in sizes {
        picture.set_attribute(name, &size.to_string()).ok()?;
        inside.set_attribute(name, &size.to_string()).ok()?;
    }
    picture.set_attribute("class", "alone").ok()?;
    alone(&picture, source)
}

/// With the page's styles inside.
fn alone(picture: &Element, source: &str) -> Option<String> {
    picture.set_attribute("xmlns", SVG?).ok()?;
    for (tag, text) in [("style", styles()), ("metadata", source.to_owned())] {
        let element = document().create_element_ns(SVG, tag).ok()?;
        element.set_text_content(Some(&text));
        picture.insert_before(&element, picture.first_child().as_ref()).ok()?;
    }
    XmlSerializer::new().ok()?.serialize_to_string(picture).ok()
}

/// All rules of the page's own style sheets.
fn styles() -> String {
    let sheets = window().document().map(|document| document.style_sheets());
    let Some(sheets) = sheets else { return String::new() };
    let sheets = (0..sheets.length()).filter_map(|index| sheets.get(index));
    let rules = sheets.filter_map(|sheet| sheet.dyn_into::<CssStyleSheet>().ok()?.css_rules().ok());
    let texts = rules.flat_map(|rules| {
        (0..rules.length()).filter_map(move |index| rules.get(index)).map(|rule| rule.css_text())
    });
    texts.collect::<Vec<_>>().join("\n")
}
