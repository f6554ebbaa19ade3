//! Files to take away: a download, and the picture as an SVG that stands alone.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::{
    Blob, BlobPropertyBag, CssStyleSheet, Element, HtmlAnchorElement, Url, XmlSerializer,
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

/// The first SVG that matches, with the page's styles inside it and `source` as its metadata.
#[must_use]
pub fn picture(selector: &str, source: &str) -> Option<String> {
    let picture = document().query_selector(selector).ok().flatten()?;
    let copy: Element = picture.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    copy.set_attribute("xmlns", "http://www.w3.org/2000/svg").ok()?;
    for (tag, text) in [("style", styles()), ("metadata", source.to_owned())] {
        let namespace = Some("http://www.w3.org/2000/svg");
        let element = document().create_element_ns(namespace, tag).ok()?;
        element.set_text_content(Some(&text));
        copy.insert_before(&element, copy.first_child().as_ref()).ok()?;
    }
    XmlSerializer::new().ok()?.serialize_to_string(&copy).ok()
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
