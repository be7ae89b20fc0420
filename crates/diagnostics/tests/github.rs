//! Workflow commands: one line each, whatever a file or its name says.

#![cfg(test)]

use corsac_diagnostics::render::{self, Run, UnreadFile};
use corsac_diagnostics::{Diagnostic, INVALID_VALUE, Place, Report, Severity, Source};

#[test]
fn a_finding_is_one_line_with_its_place() {
    let text = "a\n  bad: 1\nlong\nvalue\n";
    let of = |diagnostic: Diagnostic| Report::new(Source::new("./conf/a.conf", text), &(), vec![diagnostic]);
    let reports = [
        of(Diagnostic::new(&INVALID_VALUE, "100% wrong").at(Place::Span(4..7), "").note("why").help("so")),
        of(Diagnostic::new(&INVALID_VALUE, "w").at(Place::Span(11..21), "").severity(Severity::Warning)),
        of(Diagnostic::new(&INVALID_VALUE, "whole").severity(Severity::Note)),
    ];
    let unread = [UnreadFile { name: "b".to_owned(), reason: "permission denied".to_owned() }];
    let lines = render::github(&Run { unread: &unread, ..Run::of(&reports) });
    let expected = "\
::error file=conf/a.conf,line=2,endLine=2,col=3,endColumn=6,title=invalid-value::100%25 wrong%0Awhy%0Ahelp: so
::warning file=conf/a.conf,line=3,endLine=4,col=1,title=invalid-value::w
::notice file=conf/a.conf,title=invalid-value::whole
::error file=b,title=not read::permission denied
";
    assert_eq!(lines, expected);
}

#[test]
fn nothing_that_is_written_begins_another_command() {
    let name = "a,line=9::x\r\n::error file=b::y%";
    let mut finding = Diagnostic::new(&INVALID_VALUE, "x");
    // Texts made elsewhere are cleaned; this one was not.
    finding.message = "x\n::add-mask::y\r%0A".to_owned();
    let lines = render::github(&Run::of(&[Report::new(Source::new(name, ""), &(), vec![finding])]));
    let expected = "::error file=a%2Cline=9%3A%3Ax%0D%0A%3A%3Aerror file=b%3A%3Ay%25,\
                    title=invalid-value::x%0A::add-mask::y%0D%250A\n";
    assert_eq!(lines, expected);
}
