// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device buffers, mapped the way vmwgfx maps its own through TTM: raw pfns, special entries, an
 * address_space of their own. dev0 gives writable entries, whose dirty bits tell what was written;
 * dev1 gives read-only ones, and pfn_mkwrite takes notes.
 */
#include <linux/anon_inodes.h>
#include <linux/bitmap.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "oracle.h"

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct buffer *buffer = vma->vm_private_data;
	unsigned long flags = vma->vm_flags;
	unsigned long address = vmf->address & PAGE_MASK;
	vm_fault_t result = VM_FAULT_SIGBUS;
	unsigned long i;
	pgprot_t prot;

	buffer->faults++;
	if (vmf->pgoff >= buffer->pages)
		return VM_FAULT_SIGBUS;
	/* Without VM_SHARED the kernel's own table gives the write-protected kind. */
	prot = vm_get_page_prot(buffer->notes_writes ? flags & ~VM_SHARED : flags);
	for (i = 0; i < buffer->prefault; i++, address += PAGE_SIZE) {
		unsigned long page = vmf->pgoff + i;
		vm_fault_t next;

		if (address >= vma->vm_end || page >= buffer->pages)
			break;
		next = vmf_insert_pfn_prot(vma, address, buffer->pfn + page, prot);
		if (i == 0)
			result = next;
		if (next & VM_FAULT_ERROR)
			break;
	}
	return result;
}

static vm_fault_t buffer_mkwrite(struct vm_fault *vmf)
{
	struct buffer *buffer = vmf->vma->vm_private_data;

	if (vmf->pgoff >= buffer->pages)
		return VM_FAULT_SIGBUS;
	buffer->mkwrites++;
	if (buffer->notes_writes)
		__set_bit(vmf->pgoff, buffer->written);
	return 0;
}

static const struct vm_operations_struct buffer_vm_ops = {
	.fault = buffer_fault,
	.pfn_mkwrite = buffer_mkwrite,
};

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	const unsigned long flags = VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;
	struct buffer *buffer = file->private_data;

	/* A private, writable mapping would copy frames that the kernel knows nothing of. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
	vma->vm_private_data = buffer;
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}

static int buffer_release(struct inode *inode, struct file *file)
{
	buffer_put(file->private_data);
	return 0;
}

static const struct file_operations buffer_fops = {
	.owner = THIS_MODULE,
	.mmap = buffer_mmap,
	.release = buffer_release,
};

struct buffer *buffer_new(unsigned long pages, unsigned long prefault, bool notes_writes)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	void *memory;

	if (!buffer)
		return NULL;
	memory = alloc_pages_exact(max(pages, 1UL) << PAGE_SHIFT, GFP_KERNEL | __GFP_ZERO);
	buffer->written = bitmap_zalloc(max(pages, 1UL), GFP_KERNEL);
	if (!memory || !buffer->written) {
		if (memory)
			free_pages_exact(memory, max(pages, 1UL) << PAGE_SHIFT);
		bitmap_free(buffer->written);
		kfree(buffer);
		return NULL;
	}
	buffer->pfn = page_to_pfn(virt_to_page(memory));
	buffer->pages = pages;
	buffer->prefault = prefault;
	buffer->notes_writes = notes_writes;
	address_space_init_once(&buffer->mapping);
	refcount_set(&buffer->users, 1);
	return buffer;
}

struct file *buffer_open(struct buffer *buffer, int flags)
{
	struct file *file = anon_inode_getfile("rangewalk", &buffer_fops, buffer, flags);

	if (IS_ERR(file))
		return file;
	refcount_inc(&buffer->users);
	/* All anonymous inodes share one mapping: this file gets its own, as DRM files do. */
	buffer->mapping.host = file_inode(file);
	buffer->mapping.a_ops = file_inode(file)->i_mapping->a_ops;
	file->f_mapping = &buffer->mapping;
	return file;
}

void buffer_put(struct buffer *buffer)
{
	if (!refcount_dec_and_test(&buffer->users))
		return;
	free_pages_exact(pfn_to_kaddr(buffer->pfn), max(buffer->pages, 1UL) << PAGE_SHIFT);
	bitmap_free(buffer->written);
	kfree(buffer);
}

struct buffer *buffer_of(struct file *file)
{
	return file->f_op == &buffer_fops ? file->private_data : NULL;
}
