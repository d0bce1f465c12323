// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hepar/phantom/phantom.h"

namespace hepar {

// What an insertion measured in the scan.
struct MeasuredScan {
  double psf_sigma_mm = 0, noise_sd_hu = 0, liver_hu = 0;
};

// One case of truth.json.
struct TruthCase {
  std::string name;
  std::optional<PhantomAcquisition> acquisition;  // of a phantom
  std::optional<MeasuredScan> measured;           // of an insertion
  std::vector<LesionTruth> lesions;
  std::vector<std::string> notes;  // left out when there are none
};

// The document hepar.truth/1 (docs/reference/formats.md), with a newline at its end.
std::string truth_json(std::uint64_t seed, const std::vector<TruthCase>& cases);

}  // namespace hepar
