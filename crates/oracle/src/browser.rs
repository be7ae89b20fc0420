//! Either browser, as far as a [`Lab`](crate::Lab) needs it: visit a page, and say what the
//! browser said.

use std::future::Future;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::process::POLL_INTERVAL;
use crate::{Chromium, ConsoleMessage, Firefox, Page, Result, Tab};

/// For the console's last message, after the page itself is done.
const TELL_LIMIT: Duration = Duration::from_secs(10);

/// A browser.
#[derive(Debug)]
pub enum Browser {
    /// Chromium.
    Chromium(Chromium),
    /// Firefox.
    Firefox(Firefox),
}

/// A tab of either.
#[derive(Debug)]
pub enum Window {
    /// Chromium's.
    Chromium(Page),
    /// Firefox's.
    Firefox(Tab),
}

impl Window {
    /// Closes it.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Chromium(page) => page.close().await,
            Self::Firefox(tab) => tab.close().await,
        }
    }
}

/// Something that a browser said.
#[derive(Debug)]
pub(crate) struct Told {
    /// A text with the URL of what it is about.
    pub(crate) about: String,
    /// The browser's name for what went wrong.
    pub(crate) code: Option<String>,
    /// What the console said.
    pub(crate) text: Option<String>,
}

impl Browser {
    /// Opens `url` in a new tab and waits until it has loaded.
    pub async fn open(&self, url: &str) -> Result<Window> {
        Ok(match self {
            Self::Chromium(chromium) => Window::Chromium(chromium.open(url).await?),
            Self::Firefox(firefox) => Window::Firefox(firefox.open(url).await?),
        })
    }

    /// Opens `url`, waits until the page has `finished` and the console has told of `mark`, and
    /// closes it.
    pub(crate) async fn visit(
        &self,
        url: &str,
        mark: &str,
        finished: impl Future<Output = Result<Value>>,
    ) -> Result<(Value, Vec<Told>)> {
        let (results, told) = match self {
            Self::Chromium(chromium) => {
                let page = chromium.open(url).await?;
                let results = finished.await?;
                let told = until_marked(mark, async || {
                    let text = |text: String| Told { about: text.clone(), code: None, text: Some(text) };
                    Ok(page.console().await.into_iter().map(text).collect())
                });
                let mut told = told.await?;
                for failure in page.failures().await {
                    told.push(Told { about: failure.first_url, code: failure.cors_error, text: None });
                }
                for issue in page.issues().await {
                    told.push(Told { about: issue.url, code: Some(issue.cors_error), text: None });
                }
                page.close().await?;
                (results, told)
            }
            Self::Firefox(firefox) => {
                let tab = firefox.open(url).await?;
                let results = finished.await?;
                let told = until_marked(mark, async || {
                    let messages = firefox.take_console().await?.into_iter();
                    let errors = messages.filter(|message| is_error(&message.category));
                    let told = errors.map(|ConsoleMessage { category, text }| Told {
                        about: text.clone(),
                        code: Some(category),
                        text: Some(text),
                    });
                    Ok(told.collect())
                });
                let told = told.await?;
                tab.close().await?;
                (results, told)
            }
        };
        Ok((results, told))
    }

    /// Ends it in an orderly way.
    pub async fn close(self) {
        match self {
            Self::Chromium(chromium) => chromium.close().await,
            Self::Firefox(firefox) => firefox.close().await,
        }
    }
}

/// Whether a category of Firefox's messages says that CORS or its kin blocked something; the
/// others tell the same once more, or of what is deprecated.
fn is_error(category: &str) -> bool {
    category == "COEP" || category.starts_with("CORS") && !category.ends_with("Deprecation")
}

/// Looks at the console until it has told of `mark`.
async fn until_marked(mark: &str, mut look: impl AsyncFnMut() -> Result<Vec<Told>>) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    let looking = async {
        while !told.iter().any(|told: &Told| told.about.contains(mark)) {
            sleep(POLL_INTERVAL).await;
            told.extend(look().await?);
        }
        Result::Ok(())
    };
    let looked = timeout(TELL_LIMIT, looking).await;
    looked.map_err(|_| format!("waited {TELL_LIMIT:?} for the console to tell of `{mark}`"))??;
    Ok(told)
}
