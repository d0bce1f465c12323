// SPDX-License-Identifier: Apache-2.0
// An outside program: filters a made-up lesion, writes the labels and reads them back.
#include <cstdio>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/lesion/lesion_filter.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    hepar::Geometry geometry;
    geometry.size = {16, 16, 16};
    hepar::CtVolume ct(geometry, 110.F);
    hepar::LabelMap labels(geometry, hepar::kLiver);
    for (std::int64_t n = 0; n < 8 * 8 * 8; ++n) {  // a cube of 8 whose values spread evenly over 5 to 29 HU
      const hepar::Int3 index{4 + n % 8, 4 + n / 8 % 8, 4 + n / 64};
      ct[index] = static_cast<float>(5 + n * 7 % 25);
      labels[index] = hepar::kTumour;
    }
    hepar::LesionFilterOptions options;
    options.rule = hepar::LesionRule::kPaper;  // such even voxels are no measurement to the evidence rule
    const auto result = hepar::filter_lesions(ct, labels, options);
    hepar::write_labels(argv[1], labels);
    const auto back = hepar::read_labels(argv[1]);
    const bool ok = result.regions.size() == 1 && back.voxels[{8, 8, 8}] == hepar::kCyst;
    std::printf("%s\n", ok ? "one cyst found, written and read" : "unexpected result");
    return ok ? 0 : 1;
  } catch (const hepar::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return hepar::exit_status(error.code());
  }
}
