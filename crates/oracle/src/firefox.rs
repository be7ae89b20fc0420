//! Drives a headless Firefox over Marionette, its own remote protocol: numbered commands,
//! each a length and a JSON array, one after the other.
//!
//! The console's messages are read by a listener in the browser itself, since only there
//! they have their category, which is Firefox's name for what went wrong.
//!
//! Left out on purpose: what [`Chromium`](crate::Chromium) does for screenshots and single
//! requests.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt::Write as _, fs};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::process::{CLOSE_LIMIT, POLL_INTERVAL, START_LIMIT, find_binary, kill};

/// What Firefox is called.
const BINARIES: [&str; 2] = ["firefox-esr", "firefox"];
/// For one command, and so for a promise given to [`Tab::evaluate`].
const CALL_LIMIT: Duration = Duration::from_secs(40);
/// Longest message: a console that was not read for long has much to say.
const MAX_MESSAGE: usize = 64 << 20;

/// `remote.prefs.recommended` would weaken the policy for `file:` origins. Names outside
/// `.localhost` are this machine's too; the rest keeps a fresh profile from asking home.
const PREFERENCES: &str = r#"
user_pref("marionette.port", 0);
user_pref("remote.prefs.recommended", false);
user_pref("network.dns.native-is-localhost", true);
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
"#;

/// Keeps what the console is told, with its category.
const LISTEN: &str = "
    const messages = [];
    const listener = {
        observe(message) {
            if (message instanceof Ci.nsIScriptError) {
                messages.push([message.category, message.errorMessage]);
            }
        },
    };
    Services.console.registerListener(listener);
    window.corsac = { listener, messages };
";

/// A browser with a profile of its own, killed when dropped.
#[derive(Debug)]
pub struct Firefox {
    link: Arc<Mutex<Link>>,
    process: Child,
    /// Removed when dropped, which comes after [`Firefox::drop`].
    _profile: TempDir,
}

/// What the console was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleMessage {
    /// Firefox's name for it: `CORSMissingAllowOrigin2`, …
    pub category: String,
    /// The text.
    pub text: String,
}

impl Firefox {
    /// Starts `$CORSAC_FIREFOX`, or else the first Firefox on the path.
    pub async fn launch() -> Result<Self> {
        Self::launch_with(&[]).await
    }

    /// The same with more preferences.
    pub async fn launch_with(preferences: &[(&str, Value)]) -> Result<Self> {
        let binary = find_binary("CORSAC_FIREFOX", &BINARIES)?;
        let profile = tempfile::Builder::new().prefix("corsac-firefox-").tempdir()?;
        let mut text = PREFERENCES.to_owned();
        for (name, value) in preferences {
            writeln!(text, "user_pref({}, {value});", json!(name))?;
        }
        fs::write(profile.path().join("user.js"), text)?;
        let starting = timeout(START_LIMIT, start(&binary, profile.path())).await;
        let started = starting.unwrap_or_else(|_| Err(format!("it was silent for {START_LIMIT:?}").into()));
        let (process, link) = started.map_err(|error| {
            let said = fs::read_to_string(profile.path().join("stderr")).unwrap_or_default();
            format!("`{}` did not start: {error}; it said: {said}", binary.display())
        })?;
        Ok(Self { link: Arc::new(Mutex::new(link)), process, _profile: profile })
    }

    /// Opens `url` in a new tab and waits until it has loaded. Refuses Firefox's own error page.
    pub async fn open(&self, url: &str) -> Result<Tab> {
        let mut link = self.link.lock().await;
        let created = link.call("WebDriver:NewWindow", json!({ "type": "tab" })).await?;
        let handle = created.get("handle").and_then(Value::as_str).ok_or("the new tab has no handle")?;
        let tab = Tab { link: Arc::clone(&self.link), handle: handle.to_owned() };
        link.switch_to(&tab.handle).await?;
        link.call("WebDriver:Navigate", json!({ "url": url })).await?;
        drop(link);
        Ok(tab)
    }

    /// Takes what the console was told since it was last taken, in its order, by all tabs.
    pub async fn take_console(&self) -> Result<Vec<ConsoleMessage>> {
        let mut link = self.link.lock().await;
        let told = link.in_chrome("return window.corsac.messages.splice(0)").await?;
        let told: Vec<(String, String)> = serde_json::from_value(told)?;
        Ok(told.into_iter().map(|(category, text)| ConsoleMessage { category, text }).collect())
    }

    /// Ends the browser in an orderly way; whatever has not ended in time is killed.
    pub async fn close(mut self) {
        let quit = async {
            self.link.lock().await.call("Marionette:Quit", json!({ "flags": ["eForceQuit"] })).await
        };
        let _ = timeout(CLOSE_LIMIT, quit).await;
        let _ = timeout(CLOSE_LIMIT, self.process.wait()).await;
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        kill(&mut self.process);
    }
}

/// A tab.
#[derive(Debug)]
pub struct Tab {
    link: Arc<Mutex<Link>>,
    handle: String,
}

impl Tab {
    /// The value of `expression` or of its promise; null where JSON has none.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let mut link = self.selected().await?;
        link.execute(&format!("return ({expression})"), json!(null)).await
    }

    /// Evaluates `expression` until it is truthy. An exception counts as "not yet".
    pub async fn wait_for(&self, expression: &str, limit: Duration) -> Result<Value> {
        let poll = async {
            loop {
                let value = self.evaluate(&format!("({expression}) || false")).await;
                match value {
                    Ok(value) if value != json!(false) => break value,
                    _ => sleep(POLL_INTERVAL).await,
                }
            }
        };
        let polled = timeout(limit, poll).await;
        polled.map_err(|_| format!("waited {limit:?} for `{expression}`").into())
    }

    /// Closes it.
    pub async fn close(self) -> Result<()> {
        let mut link = self.selected().await?;
        let left = link.call("WebDriver:CloseWindow", json!({})).await?;
        // Commands go to some tab, and that must be one that there is.
        let other = left.get(0).and_then(Value::as_str).ok_or("the last tab is gone")?;
        link.switch_to(other).await
    }

    async fn selected(&self) -> Result<MutexGuard<'_, Link>> {
        let mut link = self.link.lock().await;
        link.switch_to(&self.handle).await?;
        Ok(link)
    }
}

/// The connection. Commands are not interleaved, so that a tab that was selected stays it.
#[derive(Debug)]
struct Link {
    stream: TcpStream,
    last_id: u64,
}

impl Link {
    async fn switch_to(&mut self, handle: &str) -> Result<()> {
        self.call("WebDriver:SwitchToWindow", json!({ "handle": handle, "focus": false })).await?;
        Ok(())
    }

    /// Runs a script in the browser's own window.
    async fn in_chrome(&mut self, script: &str) -> Result<Value> {
        self.call("Marionette:SetContext", json!({ "value": "chrome" })).await?;
        let value = self.execute(script, json!("system")).await;
        self.call("Marionette:SetContext", json!({ "value": "content" })).await?;
        value
    }

    async fn execute(&mut self, script: &str, sandbox: Value) -> Result<Value> {
        let params = json!({ "script": script, "args": [], "sandbox": sandbox });
        let mut answer = self.call("WebDriver:ExecuteScript", params).await?;
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }

    async fn call(&mut self, name: &str, params: Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let asking = async {
            let message = json!([0, id, name, params]).to_string();
            self.stream.write_all(format!("{}:{message}", message.len()).as_bytes()).await?;
            loop {
                // An answer of a command that was given up on may still be under way.
                let answer = self.receive().await?;
                if answer.get(1).and_then(Value::as_u64) == Some(id) {
                    break Result::Ok(answer);
                }
            }
        };
        let asked = timeout(CALL_LIMIT, asking).await;
        let mut answer = asked.map_err(|_| format!("waited {CALL_LIMIT:?} for `{name}`"))??;
        match answer.get(2) {
            Some(Value::Null) | None => Ok(answer.get_mut(3).map(Value::take).unwrap_or_default()),
            Some(error) => Err(format!("Firefox refused `{name}`: {error}").into()),
        }
    }

    async fn receive(&mut self) -> Result<Value> {
        let mut length: usize = 0;
        loop {
            match self.stream.read_u8().await? {
                b':' => break,
                digit if digit.is_ascii_digit() && length < MAX_MESSAGE => {
                    length = length * 10 + usize::from(digit - b'0');
                }
                _ => return Err("Firefox does not speak Marionette".into()),
            }
        }
        let mut message = vec![0; length.min(MAX_MESSAGE)];
        self.stream.read_exact(&mut message).await?;
        Ok(serde_json::from_slice(&message)?)
    }
}

/// Spawns Firefox, waits for the file in which it says where it listens, and connects there.
async fn start(binary: &Path, profile: &Path) -> Result<(Child, Link)> {
    let mut command = Command::new(binary);
    command.args(["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile"]);
    // Whatever it keeps beside its profile goes there too.
    command.arg(profile).arg("about:blank").env("HOME", profile).env("MOZ_CRASHREPORTER_DISABLE", "1");
    command.stderr(fs::File::create(profile.join("stderr"))?).stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = command.kill_on_drop(true).spawn()?;
    while process.try_wait()?.is_none() {
        let file = fs::read_to_string(profile.join("MarionetteActivePort")).unwrap_or_default();
        if let Ok(port) = file.trim().parse::<u16>() {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let mut link = Link { stream, last_id: 0 };
            // It greets first.
            link.receive().await?;
            link.call("WebDriver:NewSession", json!({ "acceptInsecureCerts": true })).await?;
            link.in_chrome(LISTEN).await?;
            return Ok((process, link));
        }
        sleep(POLL_INTERVAL).await;
    }
    Err("it ended at once".into())
}
