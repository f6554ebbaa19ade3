//! What the CPUs have cached of the file, under the same columns as the file's pages: one row for
//! each CPU and each mapping that it knows something of.

use rangewalk_core::arch::{Pte, PteFlags};
use rangewalk_core::machine::{CpuId, TlbEntry, TlbState, VmaId, World};
use rangewalk_core::order::sort_by_key;

use crate::model::axis::Axis;
use crate::model::lanes_cell::Marks;
use crate::model::stage_now::Now;

/// Distance of rows.
const PITCH: f32 = 20.0;
/// Height of a row's cells.
const HEIGHT: f32 = 16.0;
/// Height of the header.
const HEAD: f32 = 24.0;
/// Between the lanes and the header's rule.
const GAP: f32 = 12.0;

/// One cached translation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TlbCell {
    /// Page offset in the file.
    pub page: u64,
    /// Left edge.
    pub x: f32,
    /// What the CPU may do, and need not tell any more.
    pub marks: Marks,
    /// It allows what the page table no longer does, or hides it.
    pub stale: bool,
}

/// What one CPU has cached of one mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct TlbRow {
    /// Identity, for patching.
    pub id: u32,
    /// The CPU and what it runs; empty below its first row.
    pub cpu: String,
    /// The mapping's label and where it ends; none where nothing is cached.
    pub label: Option<(String, f32)>,
    /// Top of its cells.
    pub y: f32,
    /// Its translations.
    pub cells: Vec<TlbCell>,
    /// What is to be said of it, and where.
    pub note: (String, f32),
}

/// All CPUs.
#[derive(Clone, Debug, PartialEq)]
pub struct Tlbs {
    /// Width of a page.
    pub cell: f32,
    /// Height of a cell.
    pub height: f32,
    /// Where its rule runs.
    pub top: f32,
    /// Rows from the top.
    pub rows: Vec<TlbRow>,
    /// Rows that found no room.
    pub folded: usize,
    /// Where the picture ends.
    pub bottom: f32,
}

impl Tlbs {
    /// The CPUs' rows between `top` and `bottom`; none if nothing is cached, or there is no room.
    #[must_use]
    pub fn new(now: &Now<'_>, axis: &Axis, (top, bottom): (f32, f32)) -> Option<Self> {
        let mut rows: Vec<TlbRow> = Vec::new();
        for (id, cpu) in now.world().cpus() {
            rows.extend(rows_of(now, axis, id, cpu));
        }
        let top = top + GAP;
        let room = ((bottom - top - HEAD) / PITCH).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
        let fitting = room as usize;
        let is_empty = rows.iter().all(|row| row.cells.is_empty());
        if fitting == 0 || is_empty && !now.world().is_smp() {
            return None;
        }
        let folded = rows.len().saturating_sub(fitting);
        rows.truncate(fitting);
        let mut y = top + HEAD;
        for row in &mut rows {
            row.y = y;
            y += PITCH;
        }
        Some(Self { cell: axis.cell, height: HEIGHT, top, rows, folded, bottom: y })
    }
}

fn rows_of(now: &Now<'_>, axis: &Axis, id: CpuId, cpu: &TlbState) -> Vec<TlbRow> {
    let mut cached: Vec<(VmaId, u64, TlbEntry)> = usable(now.world(), cpu)
        .filter_map(|entry| {
            let vma = now.vma_at(entry.mm, entry.addr)?;
            let of_file = now.world().vma(vma).mapping() == now.file();
            of_file.then_some((vma, now.page_at(vma, entry.addr)?, entry))
        })
        .collect();
    sort_by_key(&mut cached, |(_, page, _)| *page);
    sort_by_key(&mut cached, |(vma, ..)| vma.0.into());
    let name = name(now, id, cpu);
    let number = u32::from(id.0) << 24;
    let rows = cached.chunk_by(|(a, ..), (b, ..)| a == b).enumerate();
    let rows: Vec<TlbRow> = rows
        .map(|(at, cached)| {
            let cpu = if at == 0 { name.clone() } else { String::new() };
            row(now, axis, (number | (cached[0].0.0 + 1), cpu), cached)
        })
        .collect();
    if !rows.is_empty() {
        return rows;
    }
    let note = ("nothing cached".to_owned(), axis.left());
    vec![TlbRow { id: number, cpu: name, label: None, y: 0.0, cells: Vec::new(), note }]
}

fn row(
    now: &Now<'_>,
    axis: &Axis,
    (id, cpu): (u32, String),
    cached: &[(VmaId, u64, TlbEntry)],
) -> TlbRow {
    let cells: Vec<TlbCell> = cached
        .iter()
        .filter_map(|(_, page, entry)| {
            let flags = entry.word.flags();
            let (w, d) = (flags.contains(PteFlags::RW), flags.contains(PteFlags::DIRTY));
            let marks = Marks { w, d, ..Marks::default() };
            let (page, x) = (*page, axis.column(*page)?);
            Some(TlbCell { page, x, marks, stale: allows_more(now.world(), entry) })
        })
        .collect();
    let left = cells.first().map_or(axis.left(), |cell| cell.x);
    let right = cells.last().map_or(axis.left(), |cell| cell.x + axis.cell);
    let stale = cached.iter().filter(|(.., entry)| allows_more(now.world(), entry)).count();
    let words = match stale {
        0 => String::new(),
        n if n == cached.len() => "stale".to_owned(),
        n => format!("{n} stale"),
    };
    let label = Some((now.vma(cached[0].0).to_owned(), left - 7.0));
    TlbRow { id, cpu, label, y: 0.0, cells, note: (words, right + 8.0) }
}

/// `CPU 0: P1, lazy`.
pub(super) fn name(now: &Now<'_>, id: CpuId, cpu: &TlbState) -> String {
    let whose = cpu.loaded_mm.map_or("idle", |mm| now.process(mm));
    let lazy = if cpu.is_lazy { ", lazy" } else { "" };
    format!("CPU {}: {whose}{lazy}", id.0)
}

/// The translations that the CPU will still use: no flush passed them by.
pub(super) fn usable<'a>(
    world: &'a World,
    cpu: &'a TlbState,
) -> impl Iterator<Item = TlbEntry> + 'a {
    cpu.entries().filter(|entry| {
        let mm = world.mm(entry.mm);
        mm.alive && cpu.tlb_gen(entry.mm) == mm.tlb_gen
    })
}

/// What is cached lets the CPU do what the entry would not, or do it unseen.
pub(super) fn allows_more(world: &World, entry: &TlbEntry) -> bool {
    let now = world.translation(entry.mm, entry.addr);
    let is_dirty = |word: Pte| word.flags().contains(PteFlags::DIRTY);
    !now.is_hw_present()
        || now.pfn() != entry.word.pfn()
        || entry.word.is_write() && !now.is_write()
        || is_dirty(entry.word) && !is_dirty(now)
}
