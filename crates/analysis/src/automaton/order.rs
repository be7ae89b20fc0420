//! In which order the claims about one suffix are settled.

use super::program::{Id, Instruction};

/// The strongly connected components of what depends on what at one position, dependencies
/// first (Tarjan 1972), without recursion: expressions nest as deep as they like.
pub(super) fn of(instructions: &[Instruction]) -> Vec<Vec<Id>> {
    let mut walk = Walk {
        instructions,
        number: vec![UNSEEN; instructions.len()],
        lowest: vec![UNSEEN; instructions.len()],
        open: Vec::new(),
        is_open: vec![false; instructions.len()],
        next: 0,
        components: Vec::new(),
    };
    for root in 0..instructions.len() {
        walk.from(root);
    }
    walk.components
}

const UNSEEN: u32 = u32::MAX;

struct Walk<'i> {
    instructions: &'i [Instruction],
    number: Vec<u32>,
    lowest: Vec<u32>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    next: u32,
    components: Vec<Vec<Id>>,
}

impl Walk<'_> {
    fn from(&mut self, root: usize) {
        if self.seen(root) {
            return;
        }
        // Each entry: an instruction, and which of its dependencies is next.
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some((id, at)) = path.last_mut() {
            let (id, dependency) = (*id, dependency(self.instructions, *id, *at));
            *at += 1;
            match dependency {
                Some(other) if !self.seen(other) => {
                    self.enter(other);
                    path.push((other, 0));
                }
                Some(other) => {
                    if self.is_open.get(other).copied().unwrap_or_default() {
                        let number = self.number.get(other).copied().unwrap_or(UNSEEN);
                        self.lower(id, number);
                    }
                }
                None => {
                    path.pop();
                    self.leave(id);
                    if let Some((parent, _)) = path.last() {
                        let lowest = self.lowest.get(id).copied().unwrap_or(UNSEEN);
                        self.lower(*parent, lowest);
                    }
                }
            }
        }
    }

    fn seen(&self, id: usize) -> bool {
        self.number.get(id).is_none_or(|&number| number != UNSEEN)
    }

    fn enter(&mut self, id: usize) {
        for table in [&mut self.number, &mut self.lowest] {
            if let Some(slot) = table.get_mut(id) {
                *slot = self.next;
            }
        }
        self.next += 1;
        self.open.push(id);
        if let Some(slot) = self.is_open.get_mut(id) {
            *slot = true;
        }
    }

    fn lower(&mut self, id: usize, number: u32) {
        if let Some(slot) = self.lowest.get_mut(id) {
            *slot = (*slot).min(number);
        }
    }

    fn leave(&mut self, id: usize) {
        if self.lowest.get(id) != self.number.get(id) {
            return;
        }
        let start = self.open.iter().rposition(|&open| open == id).unwrap_or_default();
        let component = self.open.split_off(start);
        for member in &component {
            if let Some(slot) = self.is_open.get_mut(*member) {
                *slot = false;
            }
        }
        let settles = |id: &usize| {
            !matches!(self.instructions.get(*id), Some(Instruction::Byte(..) | Instruction::True) | None)
        };
        let ids: Vec<Id> =
            component.into_iter().filter(settles).filter_map(|id| Id::try_from(id).ok()).collect();
        if !ids.is_empty() {
            self.components.push(ids);
        }
    }
}

/// The claim number `at` about the same suffix that instruction `id` rests on.
fn dependency(instructions: &[Instruction], id: usize, at: usize) -> Option<usize> {
    let found = match (instructions.get(id)?, at) {
        (Instruction::Both(first, _), 0) => *first,
        (Instruction::Both(_, second), 1) => *second,
        (Instruction::Context(_, next) | Instruction::End(next) | Instruction::Not(next), 0) => *next,
        (Instruction::OneOf(claims), at) => *claims.get(at)?,
        _ => return None,
    };
    usize::try_from(found).ok()
}
