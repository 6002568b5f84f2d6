#pragma once

namespace app {

/// Gives back what only the start needed: freed heap, and the pages of code that ran once (they
/// are read again from the page cache should they be wanted). Halves what an idle server holds;
/// `./x bench --only memory` shows it.
void release_startup_memory();

/// Gives free heap back; for after a request so large that its like is not soon to come.
void release_free_memory();

}  // namespace app
