#include "process_memory.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace app {
namespace {

/// dl_iterate_phdr(3), which keeps the mappings where they are meanwhile. Only what is executable
/// and not writable: its pages are the file's own, so dropping one loses nothing. (Read-only data
/// may hold relocations, which would be lost.)
int drop_code(dl_phdr_info* object, std::size_t, void*) {
  if (object->dlpi_addr == ::getauxval(AT_SYSINFO_EHDR)) return 0;  // of the kernel, no file
  const auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || (segment.p_flags & PF_W) != 0)
      continue;
    const ElfW(Addr) begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const ElfW(Addr) end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_free_memory() { ::malloc_trim(0); }

void release_idle_memory() {
  release_free_memory();
  ::dl_iterate_phdr(drop_code, nullptr);
}

}  // namespace app
