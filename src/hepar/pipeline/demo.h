// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/metrics/region_metrics.h"
#include "hepar/pipeline/segment.h"

namespace hepar {

struct DemoRequest {
  std::filesystem::path output = "hepar-demo";
  std::filesystem::path model;
  int cases = 5;
  std::uint64_t seed = 2024;  // not among the seeds that the default model was trained on (its MODEL_CARD.md)
};

// True tumours that the filter took out of the tumour label: the error that must not happen.
struct LostTumours {
  int tumours = 0;  // connected tumours of the truth
  int lost = 0;     // of them, those whose voxels were for more than half called cyst
};

// One phantom with cysts: how well the tumour is met before and after the filter.
struct DemoCase {
  std::string name;
  RegionMetrics liver;          // with all that is in it
  RegionMetrics before, after;  // the tumour's
  LostTumours solid;            // true mean HU >= 60, not touching a cyst
  LostTumours touching;         // touching a cyst, any HU
  LostTumours dark;             // true mean HU < 60: necrotic or hypodense
  double seconds = 0;           // of segmenting and filtering
};
struct DemoResult {
  std::vector<DemoCase> cases;
};

// Makes phantoms with cysts, segments, filters and evaluates them against their truth; writes each case's
// CT, labels and overview.png to request.output/NAME.
DemoResult run_demo(const DemoRequest& request, const EngineFactory& make_engine,
                    Progress* progress = nullptr);

std::string demo_json(const DemoResult& result);
std::string demo_text(const DemoResult& result, const std::filesystem::path& output);

}  // namespace hepar
