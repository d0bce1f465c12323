// SPDX-License-Identifier: Apache-2.0
// The sampled intensities against NumPy; registered where it is installed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/random.h"
#include "hepar/numeric/test_peer.h"
#include "hepar/plan/fingerprint.h"

namespace hepar {
namespace {
using nlohmann::json;

// What fingerprint_extractor.py says of foreground voxels [case][channel][voxel], its mean and SD in double.
constexpr const char* kPeer = R"(
import json, sys
import numpy as np
pooled = [[], []]
cases = json.load(open(sys.argv[1]))
for case in cases:
    random = np.random.RandomState(1234)
    for channel, voxels in enumerate(case):
        if voxels:
            pooled[channel].append(random.choice(np.array(voxels, np.float32), 100000))
answers = []
for samples in pooled:
    samples = np.concatenate(samples)
    low, median, high = np.percentile(samples, np.array((0.5, 50.0, 99.5)))
    answers.append({'max': samples.max(), 'mean': samples.mean(dtype=float), 'median': median, 'min': samples.min(),
                    'low': low, 'high': high, 'std': samples.std(dtype=float)})
json.dump(answers, open(sys.argv[2], 'w'), default=float)
)";

// Whole Hounsfield units and, in the second channel, values with fractions; the last case has no label.
TEST(Numpy, DrawsTheSameForegroundVoxels) {
  const Geometry grid{.size = {23, 17, 11}};
  FingerprintBuilder builder(1000, 2);  // 100000 draws per case
  json question;
  Random random(5);
  for (int n = 0; n < 4; ++n) {
    std::vector<CtVolume> channels(2, CtVolume(grid));
    LabelMap labels(grid);
    json voxels{json::array(), json::array()};
    for (std::size_t at = 0; at < labels.voxels().size(); ++at) {
      channels[0].voxels()[at] = static_cast<float>(random.integer(-200, 300));
      channels[1].voxels()[at] = static_cast<float>(random.normal(3, 2));
      if (n == 3 || !random.chance(0.3)) continue;
      labels.voxels()[at] = static_cast<std::uint8_t>(random.integer(1, 3));
      for (std::size_t channel = 0; channel < 2; ++channel)
        voxels[channel].push_back(channels[channel].voxels()[at]);
    }
    builder.add(channels, labels);
    question.push_back(voxels);
  }
  const Fingerprint fingerprint = builder.finish();
  const json answers = ask_peer(HEPAR_PEER_PYTHON, kPeer, question);
  for (std::size_t channel = 0; channel < 2; ++channel) {
    const IntensityStatistics& ours = fingerprint.intensities[channel];
    const json& theirs = answers.at(channel);
    EXPECT_EQ(ours.max, theirs["max"].get<double>());
    EXPECT_EQ(ours.min, theirs["min"].get<double>());
    EXPECT_EQ(ours.median, theirs["median"].get<double>());
    EXPECT_EQ(ours.percentile_00_5, theirs["low"].get<double>());
    EXPECT_EQ(ours.percentile_99_5, theirs["high"].get<double>());
    EXPECT_NEAR(ours.mean, theirs["mean"].get<double>(), 1e-10);
    EXPECT_NEAR(ours.std, theirs["std"].get<double>(), 1e-10);
  }
}

}  // namespace
}  // namespace hepar
