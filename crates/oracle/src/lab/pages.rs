//! The pages that make the calls, one kind each, and the script that they all run.

use serde_json::{Value, json};

use super::{Case, Initiator, Lab};
use crate::server::Answer;

const RUNNER: &str = include_str!("../runner.js");

/// A page and its calls, by its number.
#[derive(Debug, Default)]
pub(super) struct Pages(Vec<Batch>);

#[derive(Debug)]
struct Batch {
    /// The origin that serves the page, and hears what came of its calls.
    home: String,
    calls: Value,
}

impl Pages {
    /// A new page on `home`; its number, and a text that its last message has. That message is
    /// about a server that allows nobody.
    pub(super) fn add(&mut self, home: &str, stranger: &str, cases: &[&Case]) -> (usize, String) {
        let number = self.0.len();
        let name = format!("mark-{number}");
        let calls: Vec<Value> = cases.iter().map(|case| call(case)).collect();
        let calls = json!({
            "calls": calls,
            "mark": Lab::url(stranger, &name, 0),
            "results": format!("{home}/results/{number}"),
        });
        self.0.push(Batch { home: home.to_owned(), calls });
        (number, format!("/case/{name}/"))
    }

    /// The smallest document that makes the calls.
    pub(super) fn document(home: &str, number: usize) -> String {
        format!("<!doctype html><meta charset=utf-8><script src={home}/runner/{number}></script>")
    }

    pub(super) fn runner(&self, number: &str) -> Answer {
        let Some(batch) = number.parse::<usize>().ok().and_then(|number| self.0.get(number)) else {
            return Answer::status(404);
        };
        let script = format!("const batch = {};\n{RUNNER}", batch.calls);
        Answer::status(200).header("Content-Type", "text/javascript; charset=utf-8").body(script)
    }

    pub(super) fn page(&self, kind: &str, number: &str) -> Answer {
        let Some(number) = number.parse::<usize>().ok() else { return Answer::status(404) };
        let Some(Batch { home, .. }) = self.0.get(number) else { return Answer::status(404) };
        let inner = Self::document(home, number);
        let body = match kind {
            "blob" => {
                // The end of a script cannot stand in a script.
                let inner = inner.replace("</script", "<\\/script");
                format!(
                    "<!doctype html><iframe></iframe><script>\n\
                     const blob = new Blob(['{inner}'], {{ type: 'text/html' }});\n\
                     document.querySelector('iframe').src = URL.createObjectURL(blob);\n\
                     </script>"
                )
            }
            "data" => format!("<!doctype html><iframe src='data:text/html,{inner}'></iframe>"),
            "srcdoc" => format!("<!doctype html><iframe srcdoc='{inner}'></iframe>"),
            "worker" => {
                format!("<!doctype html><script>const worker = new Worker('/runner/{number}');</script>")
            }
            _ => inner,
        };
        let page = Answer::status(200).header("Content-Type", "text/html; charset=utf-8").body(body);
        match kind {
            "sandbox" => page.header("Content-Security-Policy", "sandbox allow-scripts"),
            _ => page,
        }
    }
}

fn call(case: &Case) -> Value {
    let initiator = match case.initiator {
        Initiator::Fetch => "fetch",
        Initiator::Xhr => "xhr",
        Initiator::XhrUpload => "xhr-upload",
    };
    json!({ "id": case.id(), "initiator": initiator, "request": case.exchange.get("request") })
}
