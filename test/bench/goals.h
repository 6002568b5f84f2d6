#pragma once

#include <vector>

#include "report.h"

namespace bench {

/// What the figures measured here are to reach. Goals that are ratios to the original programs are
/// turned into numbers with the originals' figures from one machine of two cores, the faster
/// original each time; on another machine those numbers only give the scale, and the ratios to the
/// yardsticks of the same run say more.
const std::vector<Goal>& goals();

/// What is divided by what: ingest by the yardsticks, times with many events by those with few,
/// the originals' times by ours, and a command's time by that of one that does nothing.
const std::vector<Ratio>& ratios();

}  // namespace bench
