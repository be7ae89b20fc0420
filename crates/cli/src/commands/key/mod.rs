//! `corsac key`: make, list and end API keys.

mod hash_key;
mod list;
mod store;

use std::time::SystemTime;

use corsac_credentials::{API_KEY_RANDOM_BYTES, ApiKeyEntry, MAX_DATE, NewApiKey, Timestamp};
use corsac_middleware::authn::{StoredKey, format_time};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde_json::json;

use crate::args::{Format, Global, Key, KeyFiles, KeyMade, KeyNew, KeyRevoke, KeyRotate, KeyVerb};
use crate::exit::Exit;
use crate::output::Output;

use hash_key::HashKey;
use store::Store;

/// Why it could not be done, and a hint.
#[derive(Debug)]
struct Failure {
    reason: String,
    hint: String,
}

impl Failure {
    fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: hint.into() }
    }
}

pub(crate) fn run(key: &Key, global: &Global, output: &Output) -> Exit {
    let done = match &key.verb {
        KeyVerb::List(list) => list::run(&list.file, now(), global, output),
        KeyVerb::New(new) => make(new, global, output),
        KeyVerb::Revoke(revoke) => end(revoke, output),
        KeyVerb::Rotate(rotate) => replace(rotate, global, output),
    };
    done.unwrap_or_else(|failure| output.fail(&failure.reason, &failure.hint))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs())
}

fn make(new: &KeyNew, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let now = now();
    let expires_at = new.expires.map(|duration| now.plus(duration)).map(date).transpose()?;
    let mut store = Store::open_or_new(&new.files.file)?;
    let hash_key = HashKey::open_or_make(&new.files, !store.keys().is_empty(), output)?;
    let made = key(&new.made, &hash_key, &store)?;
    let entry = ApiKeyEntry {
        id: made.id().to_owned(),
        hash: made.hash().to_owned(),
        subject: new.subject.clone(),
        roles: new.roles.clone(),
        scopes: new.scopes.clone(),
        expires_at,
        ..ApiKeyEntry::default()
    };
    store.append(&StoredKey { entry: entry.clone(), created_at: Some(now) })?;
    store.check(hash_key, &new.made.prefix)?;
    store.write()?;
    Ok(show(&made, &entry, &new.files, global, output))
}

fn replace(rotate: &KeyRotate, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let now = now();
    let mut store = Store::open(&rotate.files.file)?;
    let (index, stored) = store.find(&rotate.id)?;
    let mut entry = stored.entry.clone();
    let file = rotate.files.file.display();
    if entry.revoked || entry.expires_at.is_some_and(|end| end <= now) {
        let hint = format!("make a new one: corsac key new --file {file} --subject NAME");
        return Err(Failure::new(format!("the key `{}` is over; nothing overlaps with it", entry.id), hint));
    }
    date(now.plus(rotate.overlap))?;
    let hash_key = HashKey::open(&rotate.files, output)?;
    let made = key(&rotate.made, &hash_key, &store)?;
    let successor = entry.rotate(&made, now, rotate.overlap);
    let end = entry.expires_at.map(format_time).unwrap_or_default();
    store.set(index, "expires_at", &format!("\"{end}\""))?;
    store.append(&StoredKey { entry: successor.clone(), created_at: Some(now) })?;
    store.check(hash_key, &rotate.made.prefix)?;
    store.write()?;
    output.talk(&format!("the key {} ends at {end}", entry.id));
    Ok(show(&made, &successor, &rotate.files, global, output))
}

fn end(revoke: &KeyRevoke, output: &Output) -> Result<Exit, Failure> {
    let mut store = Store::open(&revoke.file)?;
    let (index, stored) = store.find(&revoke.id)?;
    let (id, subject) = (stored.entry.id.clone(), stored.entry.subject.clone());
    if stored.entry.revoked {
        output.talk(&format!("the key {id} of {subject} is revoked already"));
        return Ok(Exit::Clean);
    }
    store.set(index, "revoked", "true")?;
    store.write()?;
    output
        .talk(&format!("revoked the key {id} of {subject}; a gateway that watches the file refuses it now"));
    Ok(Exit::Clean)
}

/// A new key, with an id that no other key of the file has.
fn key(made: &KeyMade, hash_key: &HashKey, store: &Store) -> Result<NewApiKey, Failure> {
    loop {
        let mut random = Zeroizing::new([0; API_KEY_RANDOM_BYTES]);
        getrandom::fill(random.as_mut_slice())
            .map_err(|error| Failure::new(format!("the system has no randomness: {error}"), ""))?;
        let key = NewApiKey::make(&made.prefix, &random, hash_key.secret()).ok_or_else(|| {
            let hint = "a prefix has 2 to 16 lower-case letters and digits, a letter first: --prefix corsac";
            Failure::new(format!("`{}` is not a prefix", made.prefix), hint)
        })?;
        if store.keys().iter().all(|stored| stored.entry.id != key.id()) {
            return Ok(key);
        }
    }
}

/// Years have four digits.
fn date(time: Timestamp) -> Result<Timestamp, Failure> {
    let far = || Failure::new("that is beyond the year 9999", "leave --expires out for a key without an end");
    (time <= MAX_DATE).then_some(time).ok_or_else(far)
}

/// The key, the only time.
fn show(made: &NewApiKey, entry: &ApiKeyEntry, files: &KeyFiles, global: &Global, output: &Output) -> Exit {
    let key = made.text().expose_secret();
    let text = match global.format {
        Format::Github | Format::Human | Format::Plain | Format::Sarif => Zeroizing::new(format!("{key}\n")),
        Format::Json => {
            let object = json!({
                "schema": "corsac.key/1",
                "id": entry.id,
                "key": key,
                "subject": entry.subject,
                "expires_at": entry.expires_at.map(format_time),
            });
            Zeroizing::new(format!("{object}\n"))
        }
    };
    let file = files.file.display();
    output.talk(&format!("made the key {} for {} in {file}", entry.id, entry.subject));
    output.talk("it is shown this once; only its hash is stored");
    output.data(&text, Exit::Clean)
}
