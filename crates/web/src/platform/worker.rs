//! A worker: the same program in a thread of its own, from both sides.

use gloo::events::EventListener;
use js_sys::Float64Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, Window, WorkerOptions, WorkerType};
use yew::Callback;

use super::beside_program;

/// What a worker says first.
const READY: &str = "ready";

/// What comes of a worker.
pub enum Heard {
    /// Results.
    Numbers(Vec<f64>),
    /// It could not start, or has stopped.
    Lost,
}

/// A worker of the page. Dropped, it stops in the middle of what it does.
pub struct Worker {
    worker: web_sys::Worker,
    _heard: [EventListener; 2],
}

impl Worker {
    /// Starts one on a job. `None`: this browser starts none.
    #[must_use]
    pub fn start(job: String, heard: Callback<Heard>) -> Option<Self> {
        if !cfg!(target_family = "wasm") {
            return None;
        }
        let address = beside_program("worker.js")?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&address, &options).ok()?;
        let to = worker.clone();
        let lost = heard.clone();
        let said = EventListener::new(&worker, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
            match event.data().dyn_into::<Float64Array>() {
                Ok(numbers) => heard.emit(Heard::Numbers(numbers.to_vec())),
                Err(_) => {
                    let _ = to.post_message(&JsValue::from_str(&job));
                }
            }
        });
        let failed = EventListener::new(&worker, "error", move |_| lost.emit(Heard::Lost));
        Some(Self { worker, _heard: [said, failed] })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// True if the program runs in a worker.
#[must_use]
pub fn is_here() -> bool {
    js_sys::global().dyn_ref::<Window>().is_none()
}

/// Does a job and tells numbers as they come.
pub type Work = fn(&str, &dyn Fn(&[f64]));

/// In a worker: does jobs.
pub fn serve(work: Work) {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let page = scope.clone();
    let asked = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let tell = |numbers: &[f64]| {
            let _ = page.post_message(&Float64Array::from(numbers));
        };
        work(&event.data().as_string().unwrap_or_default(), &tell);
    });
    scope.set_onmessage(Some(asked.as_ref().unchecked_ref()));
    // As long as the worker lives.
    asked.forget();
    let _ = scope.post_message(&JsValue::from_str(READY));
}
