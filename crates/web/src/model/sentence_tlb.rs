//! Sentences about CPUs: what their TLBs hold, use, and drop.

use rangewalk_core::machine::event::{Access, Cached, IpiAnswer, SwitchIn};
use rangewalk_core::machine::{CpuId, Event, MmId};

use crate::model::sentence::Said;
use crate::model::stage_now::Now;

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::SwitchMm { cpu, mm, switch } => (
            format!("CPU {} goes over to {}.", cpu.0, now.process(mm)),
            match switch {
                SwitchIn::UpToDate => "It missed no flush: what it has cached is good.",
                SwitchIn::CaughtUp => {
                    "Flushes passed it by while it ran another: `tlb_gen` says so. It drops all."
                }
            }
            .to_owned(),
        ),
        Event::Lazy { cpu } => (
            format!("CPU {} runs a kernel thread.", cpu.0),
            "The address space before it stays loaded: the TLB is lazy.".to_owned(),
        ),
        Event::TlbHit { cpu, mm, access, cached, addr } => {
            let page = now.page_words(Some(mm), addr);
            let verb = if access == Access::Load { "reads" } else { "writes" };
            let lead = format!("CPU {} {verb} {page} by what it has cached.", cpu.0);
            (lead, hit(cached).to_owned())
        }
        Event::TlbFill { cpu, slot, addr } => {
            let page = now.page_words(now.place_of(event).mm, addr);
            let word = now.world().word(slot);
            let dirty = if word.hw_dirty() == word { " and [D]" } else { "" };
            let bits = if word.is_write() { format!(" with [W]{dirty}") } else { String::new() };
            (
                format!("CPU {} caches the entry of {page}{bits}.", cpu.0),
                "It uses this copy until it is told to drop it.".to_owned(),
            )
        }
        Event::FlushOmitted { mm, .. } => (
            format!("The flush of {} is left out.", now.process(mm)),
            "No kernel does this: CPUs go on with what they have cached.".to_owned(),
        ),
        Event::Ipi { cpu, mm, answer } => ipi(now, cpu, mm, answer),
        Event::Resume { cpu } => (format!("CPU {} goes on where it was.", cpu.0), String::new()),
        _ => unreachable!("not a step of a CPU"),
    }
}

const fn hit(cached: Cached) -> &'static str {
    match cached {
        Cached::Fresh => "The page table says the same; it is not looked at.",
        Cached::Stale => {
            "The entry has changed since, and the CPU cannot know. Somebody has noted the page: \
             until the flush this is allowed."
        }
        Cached::Lost => {
            "The entry has changed since. Neither it, nor the bitmap, nor anybody else will ever \
             know of this write: it is lost."
        }
    }
}

fn ipi(now: &Now<'_>, cpu: CpuId, mm: MmId, answer: IpiAnswer) -> Said {
    let why = match answer {
        IpiAnswer::Flushed => "It is in the process's `mm_cpumask`, and drops the same.",
        IpiAnswer::LeftLazy => "A kernel thread runs there: it leaves the address space instead.",
        IpiAnswer::NotLoaded => {
            "It runs another process by now: it leaves the `mm_cpumask`, and catches up when it \
             comes back."
        }
    };
    (format!("CPU {} is interrupted for {}.", cpu.0, now.process(mm)), why.to_owned())
}
