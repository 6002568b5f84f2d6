#pragma once

#include <vector>

#include "report.h"

namespace bench {

/// What the design's table asks of the figures measured here. Its ratios to the original programs
/// are turned into numbers with the originals' figures from the table, the faster original each
/// time; on another machine those numbers only give the scale, and the ratios to the yardsticks of
/// the same run say more.
const std::vector<Goal>& goals();

/// What is divided by what: ingest by the yardsticks, and times with many events by those with few.
const std::vector<Ratio>& ratios();

}  // namespace bench
