//! Mistakes as findings: rule, notes with a witness, help, fixes.

use std::time::Duration;

use corsac_diagnostics::{Diagnostic, Fix, Rule, Safety};
use corsac_origin::PatternError;

use crate::error::rules;
use crate::error::{Field, Mistake, MistakeKind};

impl Mistake {
    /// The rule that found it.
    pub fn rule(&self) -> &'static Rule {
        match &self.kind {
            MistakeKind::AnyOriginMixed => &rules::ANY_ORIGIN_MIXED,
            MistakeKind::AnyOriginWithCredentials => &rules::ANY_ORIGIN_WITH_CREDENTIALS,
            MistakeKind::AuthorizationUnderWildcard => &rules::AUTHORIZATION_UNDER_WILDCARD,
            MistakeKind::DangerousSetting(_) => &rules::DANGEROUS_SETTING,
            MistakeKind::Duplicate { .. } | MistakeKind::UnderWildcard(_) => &rules::REDUNDANT_ENTRY,
            MistakeKind::ExposedWildcardWithCredentials => &rules::EXPOSED_WILDCARD_WITH_CREDENTIALS,
            MistakeKind::ForbiddenExposedHeader(_) => &rules::FORBIDDEN_EXPOSED_HEADER,
            MistakeKind::ForbiddenMethod(_) => &rules::FORBIDDEN_METHOD,
            MistakeKind::ForbiddenRequestHeader(_) => &rules::FORBIDDEN_REQUEST_HEADER,
            MistakeKind::HeaderNameInvalid(_) => &rules::HEADER_NAME_INVALID,
            MistakeKind::InsecureOriginWithCredentials(_) => &rules::INSECURE_ORIGIN_WITH_CREDENTIALS,
            MistakeKind::MaxAgeAboveChromium(_)
            | MistakeKind::MaxAgeFraction(_)
            | MistakeKind::MaxAgeTooLong(_) => &rules::MAX_AGE_OUT_OF_RANGE,
            MistakeKind::MethodInvalid { .. } => &rules::METHOD_INVALID,
            MistakeKind::NoOrigins => &rules::NO_ORIGINS,
            MistakeKind::NullOrigin => &rules::NULL_ORIGIN,
            MistakeKind::ObsoletePrivateNetwork => &rules::OBSOLETE_PRIVATE_NETWORK,
            MistakeKind::OriginNeverSent { error, .. } => match error {
                PatternError::WildcardOnAddress { .. }
                | PatternError::WildcardPosition { .. }
                | PatternError::WildcardScheme { .. } => &rules::WILDCARD_POSITION,
                _ => &rules::ORIGIN_NEVER_SENT,
            },
            MistakeKind::PublicSuffixWildcard { .. } => &rules::PUBLIC_SUFFIX_WILDCARD,
        }
    }

    /// The finding, pointing at the policy's fields.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let path = self.field.path();
        let finding = Diagnostic::new(self.rule(), self.kind.to_string())
            .severity(self.kind.severity())
            .at_field(&path, self.label());
        let finding = self.reasons().into_iter().fold(finding, Diagnostic::note);
        let finding = match &self.kind {
            MistakeKind::AnyOriginWithCredentials => finding
                .and_at_field(&Field::Credentials.path(), "cookies and HTTP authentication are sent along"),
            MistakeKind::InsecureOriginWithCredentials(_) | MistakeKind::ExposedWildcardWithCredentials => {
                finding.and_at_field(&Field::Credentials.path(), "credentials are allowed here")
            }
            _ => finding,
        };
        let finding = finding.help(self.advice());
        match self.correction() {
            Some(right) => finding.fix(Fix::string(Safety::Unsafe, path, &right)),
            None => finding,
        }
    }

    /// What is to be seen at the place itself.
    fn label(&self) -> String {
        match &self.kind {
            MistakeKind::AnyOriginWithCredentials => "includes `https://attacker.example`".into(),
            MistakeKind::PublicSuffixWildcard { witness, .. } => format!("includes `{witness}`"),
            MistakeKind::OriginNeverSent { error, .. } => format!("wrong from byte {}", error.offset()),
            MistakeKind::NullOrigin => "sent by sandboxed iframes, `data:` and `file:` pages".into(),
            MistakeKind::Duplicate { first, .. } => format!("the same as entry {first}"),
            MistakeKind::MethodInvalid { right: Some(right), .. } => format!("browsers send `{right}`"),
            MistakeKind::InsecureOriginWithCredentials(_) => "plain http".into(),
            _ => String::new(),
        }
    }

    /// Why it matters, with the section of the standard.
    fn reasons(&self) -> Vec<String> {
        let text = match &self.kind {
            MistakeKind::AnyOriginWithCredentials => {
                "browsers refuse this pair (Fetch, CORS check, step 4), so it does not work either"
            }
            MistakeKind::AuthorizationUnderWildcard => {
                "`authorization` is a CORS non-wildcard request-header name (Fetch, section 2.2.2)"
            }
            MistakeKind::ExposedWildcardWithCredentials => {
                "with credentials `*` is the name of a header (Fetch, section 3.3.5)"
            }
            MistakeKind::ForbiddenExposedHeader(_) => {
                "it is a forbidden response-header name (Fetch, section 2.2.2)"
            }
            MistakeKind::ForbiddenMethod(_) => "it is a forbidden method (Fetch, section 2.2.1)",
            MistakeKind::ForbiddenRequestHeader(_) => {
                "it is a forbidden request-header (Fetch, section 2.2.2)"
            }
            MistakeKind::HeaderNameInvalid(_) | MistakeKind::MethodInvalid { right: None, .. } => {
                "it has to be a token: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110, section 5.6.2)"
            }
            MistakeKind::InsecureOriginWithCredentials(_) => {
                "whoever is on the network path can put a script into its pages and read responses as the user"
            }
            MistakeKind::MaxAgeAboveChromium(_) | MistakeKind::MaxAgeTooLong(_) => {
                "the caps: Chromium 7200 s, Firefox 86400 s, WebKit 600 s"
            }
            MistakeKind::MethodInvalid { .. } => {
                "browsers put only DELETE, GET, HEAD, OPTIONS, POST and PUT into upper case (Fetch, section 2.2.1)"
            }
            MistakeKind::NullOrigin => {
                "`https://attacker.example` gets it with <iframe sandbox=\"allow-scripts\" srcdoc=\"…\">"
            }
            MistakeKind::ObsoletePrivateNetwork => {
                "Local Network Access is a permission of the user; no response header grants it"
            }
            MistakeKind::PublicSuffixWildcard { suffix, list, .. } => {
                return vec![format!(
                    "`{suffix}` is on the Public Suffix List of {list}, or is a top-level name"
                )];
            }
            _ => return Vec::new(),
        };
        vec![text.to_owned()]
    }

    /// What to do.
    fn advice(&self) -> String {
        match &self.kind {
            MistakeKind::AnyOriginMixed => "write `origins = [\"*\"]`, or remove `*`".into(),
            MistakeKind::AnyOriginWithCredentials => {
                "list the origins that need credentials: origins = [\"https://app.example.com\"]".into()
            }
            MistakeKind::AuthorizationUnderWildcard => {
                "add \"authorization\", or name the headers you need instead of `*`".into()
            }
            MistakeKind::DangerousSetting(danger) => format!("remove `{danger}` as soon as nothing needs it"),
            MistakeKind::Duplicate { .. }
            | MistakeKind::UnderWildcard(_)
            | MistakeKind::ForbiddenExposedHeader(_)
            | MistakeKind::ForbiddenMethod(_) => "remove it".into(),
            MistakeKind::ExposedWildcardWithCredentials => "name the headers that scripts need to read".into(),
            MistakeKind::ForbiddenRequestHeader(_) => {
                "remove it; browsers set this header themselves, or never send it".into()
            }
            MistakeKind::HeaderNameInvalid(_) => "write one header name an entry, such as \"content-type\"".into(),
            MistakeKind::InsecureOriginWithCredentials(origin) => {
                format!("serve the page over TLS and allow `{}`", origin.replacen("http:", "https:", 1))
            }
            MistakeKind::MaxAgeAboveChromium(_) => "write max_age = \"2h\" or less".into(),
            MistakeKind::MaxAgeFraction(_) => "write whole seconds, such as max_age = \"5s\"".into(),
            MistakeKind::MaxAgeTooLong(_) => "write max_age = \"2h\", which Chromium and Firefox both keep".into(),
            MistakeKind::MethodInvalid { right: Some(right), .. } => format!("write \"{right}\""),
            MistakeKind::MethodInvalid { right: None, .. } => "write one method an entry, such as \"PUT\"".into(),
            MistakeKind::NoOrigins => {
                "name the origins that may read: origins = [\"https://app.example.com\"]; or remove the policy".into()
            }
            MistakeKind::NullOrigin => {
                "remove it and give the page an origin of its own; `dangerous.null_origin = true` allows it".into()
            }
            MistakeKind::ObsoletePrivateNetwork => "remove it unless Chromium 104 to 141 must be served".into(),
            MistakeKind::OriginNeverSent { error, right, .. } => origin_advice(*error, right.as_deref()),
            MistakeKind::PublicSuffixWildcard { .. } => {
                "name the origins, or a base that you registered: \"https://*.your-name.example\"".into()
            }
        }
    }

    /// The text to write instead.
    fn correction(&self) -> Option<String> {
        match &self.kind {
            MistakeKind::OriginNeverSent { right, .. } => right.clone(),
            MistakeKind::MethodInvalid { right, .. } => right.map(str::to_owned),
            MistakeKind::MaxAgeAboveChromium(age) if *age > Duration::ZERO => Some("2h".into()),
            MistakeKind::MaxAgeTooLong(_) => Some("2h".into()),
            _ => None,
        }
    }
}

fn origin_advice(error: PatternError, right: Option<&str>) -> String {
    match (error, right) {
        (_, Some(right)) => format!("write \"{right}\""),
        (PatternError::WildcardPosition { .. }, None) => {
            "a wildcard is the whole leftmost label: \"https://*.example.com\"".into()
        }
        (PatternError::WildcardOnAddress { .. }, None) => "name the address without `*.`".into(),
        (PatternError::WildcardScheme { .. }, None) => "name each origin of this scheme".into(),
        _ => "write scheme, host and port as browsers send them: \"https://app.example.com\"".into(),
    }
}
