#pragma once

#include "app/config.h"

namespace app {

/// Asks the server that the configuration points to and prints how it is; false, with a line on
/// standard error, when none answers.
bool print_status(const Config& config, bool as_json);

}  // namespace app
