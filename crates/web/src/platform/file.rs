//! Files to take away: a download, and the picture as an SVG that stands alone.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::{
    Blob, BlobPropertyBag, CssStyleSheet, Element, HtmlAnchorElement, HtmlCanvasElement, Url,
    XmlSerializer,
};

use super::beside_program;

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

/// Hands a picture to the user in pixels. What paints them is a script of its own, for few want it.
pub fn paint(name: &str, picture: &str) {
    let _ = try_paint(name, picture);
}

fn try_paint(name: &str, picture: &str) -> Option<()> {
    let script = document().create_element("script").ok()?;
    let painter = beside_program("painter.js")?;
    for (key, value) in [("data-name", name), ("data-svg", picture), ("src", &painter)] {
        script.set_attribute(key, value).ok()?;
    }
    document().body()?.append_child(&script).ok()?;
    Some(())
}

/// What a standalone picture is written in.
const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");

/// The first SVG that matches, with the page's styles inside it and `source` as its metadata;
/// `class` is of what stands around it on the page, for the styles' sake.
#[must_use]
pub fn picture(selector: &str, class: &str, source: &str) -> Option<String> {
    let picture = document().query_selector(selector).ok().flatten()?;
    let copy: Element = picture.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    let size = picture.get_bounding_client_rect();
    alone(&copy, class, (pixels(size.width()), pixels(size.height())), source)
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
    let inside = document().create_element_ns(SVG, "foreignObject").ok()?;
    inside.append_child(&copy).ok()?;
    for name in ["width", "height"] {
        inside.set_attribute(name, "100%").ok()?;
    }
    alone(&inside, "", (part.scroll_width(), part.scroll_height()), source)
}

#[expect(clippy::cast_possible_truncation, reason = "pictures are some thousand pixels wide")]
const fn pixels(length: f64) -> i32 {
    length as i32
}

/// A picture of its own around `inside`, so wide and high, with the page's styles.
fn alone(
    inside: &Element,
    class: &str,
    (width, height): (i32, i32),
    source: &str,
) -> Option<String> {
    let picture = document().create_element_ns(SVG, "svg").ok()?;
    // What the page says of the class's place on it is of the page's.
    let rule = format!("svg:root {{ width: {width}px; height: {height}px; padding: 0; }}");
    for (tag, text) in [("style", &*format!("{}\n{rule}", styles())), ("metadata", source)] {
        let element = document().create_element_ns(SVG, tag).ok()?;
        element.set_text_content(Some(text));
        picture.append_child(&element).ok()?;
    }
    picture.append_child(inside).ok()?;
    let (width, height) = (width.to_string(), height.to_string());
    let class = format!("alone {class}");
    let all = [("xmlns", SVG?), ("class", &class), ("width", &width), ("height", &height)];
    for (name, value) in all {
        picture.set_attribute(name, value).ok()?;
    }
    XmlSerializer::new().ok()?.serialize_to_string(&picture).ok()
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
