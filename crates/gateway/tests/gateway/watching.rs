//! Changes of the policy file, by every way that it is changed in practice.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use corsac_gateway::{WatchedFiles, watch};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

/// No test waits longer to be told.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the file says once it is changed; another length than before, for file systems
/// that count time in coarse ticks.
const NEW: &str = "changed";

/// Whether `watch` tells of a change, made after it began, so that the file says [`NEW`].
fn is_told(path: &Path, change: impl FnOnce()) -> bool {
    let (sender, mut told) = mpsc::unbounded_channel();
    let mut change = Some(change);
    let files = WatchedFiles::new(path);
    let watching = watch(&files, || match change.take() {
        Some(change) => change(),
        None => drop(sender.send(fs::read_to_string(path).unwrap_or_default())),
    });
    let new = async { while told.recv().await.is_some_and(|text| text != NEW) {} };
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            ended = watching => panic!("{ended:?}"),
            () = new => true,
            () = tokio::time::sleep(PATIENCE) => false,
        }
    })
}

/// A folder with two releases, each with the file.
fn releases(folder: &Path) -> [PathBuf; 2] {
    [("6", "old"), ("7", NEW)].map(|(release, text)| {
        let release = folder.join("releases").join(release);
        fs::create_dir_all(&release).unwrap();
        fs::write(release.join("corsac.toml"), text).unwrap();
        release
    })
}

/// Puts a link to `target` in the place of `link` in one step.
fn swap(link: &Path, target: &Path) {
    let next = link.with_file_name("next");
    symlink(target, &next).unwrap();
    fs::rename(next, link).unwrap();
}

/// One way to change the file in a folder, and whether it was told.
type Way = fn(&Path) -> bool;

fn told_after_a_rename_over_it(folder: &Path) -> bool {
    let path = folder.join("corsac.toml");
    fs::write(&path, "old").unwrap();
    is_told(&path, || {
        fs::write(folder.join("next"), NEW).unwrap();
        fs::rename(folder.join("next"), &path).unwrap();
    })
}

fn told_after_an_edit_in_place(folder: &Path) -> bool {
    let path = folder.join("corsac.toml");
    fs::write(&path, "old").unwrap();
    is_told(&path, || fs::write(&path, NEW).unwrap())
}

fn told_after_it_was_deleted_and_made_again(folder: &Path) -> bool {
    let path = folder.join("corsac.toml");
    fs::write(&path, "old").unwrap();
    is_told(&path, || {
        fs::remove_file(&path).unwrap();
        fs::write(&path, NEW).unwrap();
    })
}

fn told_after_a_folder_above_was_swapped(folder: &Path) -> bool {
    let [old, new] = releases(folder);
    symlink(old, folder.join("current")).unwrap();
    is_told(&folder.join("current/corsac.toml"), || swap(&folder.join("current"), &new))
}

fn told_after_its_target_was_edited(folder: &Path) -> bool {
    let [old, _] = releases(folder);
    let path = folder.join("corsac.toml");
    symlink(old.join("corsac.toml"), &path).unwrap();
    is_told(&path, || fs::write(old.join("corsac.toml"), NEW).unwrap())
}

/// `corsac.toml -> ..data/corsac.toml`, `..data -> ..2026`
fn told_after_kubernetes_swapped_its_data(folder: &Path) -> bool {
    let [old, new] = releases(folder);
    symlink(old, folder.join("..data")).unwrap();
    let path = folder.join("corsac.toml");
    symlink("..data/corsac.toml", &path).unwrap();
    is_told(&path, || swap(&folder.join("..data"), &new))
}

#[test]
fn every_way_to_change_the_file_is_seen() {
    let ways: [(&str, Way); 6] = [
        ("a rename over it", told_after_a_rename_over_it),
        ("an edit in place", told_after_an_edit_in_place),
        ("deleted and made again", told_after_it_was_deleted_and_made_again),
        ("a folder above swapped", told_after_a_folder_above_was_swapped),
        ("its target edited", told_after_its_target_was_edited),
        ("Kubernetes", told_after_kubernetes_swapped_its_data),
    ];
    std::thread::scope(|scope| {
        let start = |(name, way): (&'static str, Way)| {
            let told = move || way(tempfile::tempdir().unwrap().path());
            (name, scope.spawn(told))
        };
        for (name, told) in ways.map(start) {
            assert!(told.join().unwrap(), "{name}");
        }
    });
}
