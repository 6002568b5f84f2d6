#include "process_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace app {

void release_free_memory() { ::malloc_trim(0); }

void release_idle_memory() {
  release_free_memory();
  // proc(5). Only mappings that are executable and not writable: their pages are the file's own,
  // so dropping one loses nothing. (Read-only data may hold relocations, which would be lost.)
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char permissions[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, permissions) != 3) continue;
    const bool is_file = line.find('/') != std::string::npos;
    if (is_file && std::string_view(permissions) == "r-xp")
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

}  // namespace app
