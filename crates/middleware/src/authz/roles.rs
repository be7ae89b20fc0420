//! Roles as bits: who has which is one word.

use corsac_credentials::{Claim, Principal};

use super::config::RoleConfig;

/// A set of roles, by their position in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RoleSet(u128);

impl RoleSet {
    /// The role at `index`; nothing beyond [`super::MAX_ROLES`].
    pub(super) fn of(index: usize) -> Self {
        let shift = u32::try_from(index).unwrap_or(u32::MAX);
        Self(1_u128.checked_shl(shift).unwrap_or(0))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn has(self, index: usize) -> bool {
        self.meets(Self::of(index))
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Texts and the roles that each stands for, sorted by text.
#[derive(Clone, Debug, Default)]
struct Index(Vec<(Box<str>, RoleSet)>);

impl Index {
    fn new<'n>(entries: impl Iterator<Item = (&'n str, RoleSet)>) -> Self {
        let mut entries: Vec<_> = entries.map(|(text, roles)| (Box::from(text), roles)).collect();
        entries.sort_unstable_by(|(a, _): &(Box<str>, _), (b, _)| a.cmp(b));
        entries.dedup_by(|(text, roles), (kept, all)| {
            let same = text == kept;
            if same {
                *all = all.with(*roles);
            }
            same
        });
        Self(entries)
    }

    fn roles(&self, text: &str) -> RoleSet {
        let found = self.0.binary_search_by(|(own, _)| (**own).cmp(text));
        found.ok().and_then(|index| self.0.get(index)).map(|(_, roles)| *roles).unwrap_or_default()
    }
}

/// The values of one claim.
#[derive(Clone, Debug)]
struct ClaimRoles {
    claim: Box<str>,
    /// The roles that ask for this claim.
    asking: RoleSet,
    values: Index,
}

impl ClaimRoles {
    /// The roles for which the claim says enough.
    fn roles(&self, principal: &Principal) -> RoleSet {
        match principal.claim(&self.claim) {
            Some(Claim::Text(text)) => self.values.roles(text),
            Some(Claim::List(list)) => {
                let texts = list.iter().filter_map(Claim::as_text);
                texts.fold(RoleSet::default(), |all, text| all.with(self.values.roles(text)))
            }
            _ => RoleSet::default(),
        }
    }
}

/// Who has which role.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    names: Index,
    scopes: Index,
    claims: Vec<ClaimRoles>,
    /// Roles that claims can give.
    claimed: RoleSet,
    /// Roles that principals of any provider may have.
    from_any: RoleSet,
    from: Index,
    /// Each role, and those that are or include it.
    #[cfg(feature = "cedar")]
    holders: Vec<(String, RoleSet)>,
}

impl Roles {
    pub(super) fn new(roles: &[RoleConfig]) -> Self {
        let numbered = || roles.iter().enumerate().map(|(index, role)| (role, RoleSet::of(index)));
        let all = |sets: &mut dyn Iterator<Item = RoleSet>| sets.fold(RoleSet::default(), RoleSet::with);
        let mut claims: Vec<ClaimRoles> = Vec::new();
        for (name, _) in roles.iter().flat_map(|role| &role.claims) {
            if claims.iter().any(|known| *known.claim == **name) {
                continue;
            }
            let asked = || {
                let roles = numbered();
                roles.flat_map(move |(role, set)| role.claims.iter().map(move |claim| (claim, set)))
            };
            let asked = || asked().filter(|((own, _), _)| own == name);
            let values = asked().flat_map(|((_, texts), set)| texts.iter().map(move |it| (it.as_str(), set)));
            claims.push(ClaimRoles {
                claim: name.as_str().into(),
                asking: all(&mut asked().map(|(_, set)| set)),
                values: Index::new(values),
            });
        }
        let texts = |list: fn(&RoleConfig) -> &[String]| {
            Index::new(numbered().flat_map(move |(role, set)| list(role).iter().map(move |it| (&**it, set))))
        };
        Self {
            names: Index::new(numbered().map(|(role, set)| (role.name.as_str(), set))),
            scopes: texts(|role| &role.scopes),
            claimed: all(&mut claims.iter().map(|claim| claim.asking)),
            claims,
            from_any: all(&mut numbered().filter(|(role, _)| role.from.is_empty()).map(|(_, set)| set)),
            from: texts(|role| &role.from),
            #[cfg(feature = "cedar")]
            holders: holders(roles),
        }
    }

    /// The names of `held`, and of what these include.
    #[cfg(feature = "cedar")]
    pub(super) fn names(&self, held: RoleSet) -> impl Iterator<Item = &str> {
        self.holders.iter().filter(move |(_, holders)| held.meets(*holders)).map(|(name, _)| name.as_str())
    }

    /// The roles that `principal` has, without what they include.
    pub(super) fn of(&self, principal: &Principal) -> RoleSet {
        let names = principal.roles().iter().map(|name| self.names.roles(name));
        let mut roles = names.fold(RoleSet::default(), RoleSet::with);
        if !self.scopes.0.is_empty() {
            let scopes = principal.scopes().iter().map(|scope| self.scopes.roles(scope));
            roles = scopes.fold(roles, RoleSet::with);
        }
        let mut claimed = self.claimed;
        for claim in &self.claims {
            let lacking = claim.asking.without(claim.roles(principal));
            claimed = claimed.without(lacking);
        }
        let from = self.from_any.with(self.from.roles(principal.provider()));
        roles.with(claimed).and(from)
    }
}

#[cfg(feature = "cedar")]
fn holders(roles: &[RoleConfig]) -> Vec<(String, RoleSet)> {
    let mut found: Vec<_> =
        roles.iter().enumerate().map(|(index, role)| (role.name.clone(), RoleSet::of(index))).collect();
    // A chain of includes is no longer than there are roles.
    for _ in roles {
        let before = found.clone();
        for (role, (_, own)) in roles.iter().zip(&before) {
            for (_, holders) in found.iter_mut().filter(|(name, _)| role.includes.contains(name)) {
                *holders = holders.with(*own);
            }
        }
        if before == found {
            break;
        }
    }
    found
}
