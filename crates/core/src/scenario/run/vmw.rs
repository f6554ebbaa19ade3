//! What the vmwgfx driver is asked to do.

use super::statement::{Effect, counted};
use super::walk::Seen;
use super::{Runner, mapping};
use crate::machine::Stop;
use crate::mm::vmwgfx::{
    VmwBo, vmw_bo_dirty_add, vmw_bo_dirty_clear_res, vmw_bo_dirty_release, vmw_bo_dirty_scan,
    vmw_bo_dirty_transfer_to_res, vmw_bo_dirty_unmap,
};
use crate::scenario::ast::{FileId, Pages};
use crate::scenario::vmw::VmwCall;

impl Runner<'_> {
    pub(super) fn vmw(
        &mut self,
        call: VmwCall,
        file: FileId,
        pages: Option<Pages>,
    ) -> Result<Effect, Stop> {
        let bo = VmwBo { mapping: mapping(file), filter_miss: self.rest.filter };
        let (first, nr) = pages.map_or((0, 0), |pages| (pages.first, pages.count));
        let cpu = &mut self.cpu();
        match call {
            VmwCall::Add => vmw_bo_dirty_add(cpu, bo)?,
            VmwCall::Release => vmw_bo_dirty_release(cpu, bo)?,
            VmwCall::Scan => vmw_bo_dirty_scan(cpu, bo)?,
            VmwCall::Unmap => vmw_bo_dirty_unmap(cpu, bo, first, nr)?,
            VmwCall::Clear => vmw_bo_dirty_clear_res(cpu, bo, first, nr),
            VmwCall::Transfer => {
                let returned = vmw_bo_dirty_transfer_to_res(cpu, bo, first, nr)?;
                self.rest.last.walk = Some(Seen { returned, visits: Vec::new() });
                return Ok(Effect::Value(returned, counted(returned, "page")));
            }
        }
        Ok(Effect::Nothing)
    }
}
