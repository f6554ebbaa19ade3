//! Painting pixels, in the colours of the style sheet.

use gloo::utils::window;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};
use yew::NodeRef;

/// Something painted.
pub struct Picture {
    /// Left and top edge on the canvas, in its pixels.
    pub place: (f32, f32),
    /// Pixels in a row.
    pub width: u32,
    /// Red, green, blue and cover of each, row after row.
    pub pixels: Vec<u8>,
}

fn context(node: &NodeRef) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas = node.cast::<HtmlCanvasElement>()?;
    let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    Some((canvas, context))
}

/// What custom properties say on a canvas, as red, green, blue and cover.
#[must_use]
pub fn colours(node: &NodeRef, names: &[&str]) -> Option<Vec<[u8; 4]>> {
    let (canvas, context) = context(node)?;
    let style = window().get_computed_style(&canvas).ok()??;
    let colour = |name: &&str| {
        // The canvas knows what system colours are.
        context.set_fill_style_str(style.get_property_value(name).unwrap_or_default().trim());
        opaque(&context.fill_style().as_string().unwrap_or_default())
    };
    Some(names.iter().map(colour).collect())
}

/// `#rrggbb`; black if it is not that.
fn opaque(text: &str) -> [u8; 4] {
    let hex = text.strip_prefix('#').and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, red, green, blue] = hex.unwrap_or(0).to_be_bytes();
    [red, green, blue, 255]
}

/// Puts a picture on a canvas in place of what was there.
pub fn paint(node: &NodeRef, picture: &Picture) {
    let Some((canvas, context)) = context(node) else { return };
    let pixels = Clamped(&picture.pixels[..]);
    let Ok(data) = ImageData::new_with_u8_clamped_array(pixels, picture.width) else { return };
    context.clear_rect(0.0, 0.0, f64::from(canvas.width()), f64::from(canvas.height()));
    let (x, y) = picture.place;
    let _ = context.put_image_data(&data, f64::from(x), f64::from(y));
}
