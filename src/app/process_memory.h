#pragma once

namespace app {

/// Gives back what an idle program does not need: freed heap, and the pages of code that has run
/// (they are read again from the page cache should they be wanted). Halves what an idle server
/// holds; `./x bench --only memory` shows it.
void release_idle_memory();

/// Gives free heap back; for after a request so large that its like is not soon to come.
void release_free_memory();

}  // namespace app
