// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/validation.h"

#include <algorithm>

#include "hepar/train/patch.h"

namespace hepar {
namespace {

std::vector<std::int64_t> starts_along(std::int64_t size, std::int64_t patch) {
  if (size <= patch) return {(size - patch) / 2};
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0; start + patch < size; start += patch) starts.push_back(start);
  starts.push_back(size - patch);
  return starts;
}

struct Window {
  Kernel3 start, patch, size;  // size: of the case
};

// Copies the positive logits of one window into the case's masks, region by region.
void paste(const float* logits, const Window& w, std::vector<std::vector<bool>>& masks) {
  std::size_t n = 0;
  for (auto& mask : masks) {
    for (std::int64_t d = w.start[0]; d < w.start[0] + w.patch[0]; ++d) {
      for (std::int64_t h = w.start[1]; h < w.start[1] + w.patch[1]; ++h) {
        for (std::int64_t i = w.start[2]; i < w.start[2] + w.patch[2]; ++i, ++n) {
          const bool inside = d >= 0 && h >= 0 && i >= 0 && d < w.size[0] && h < w.size[1] && i < w.size[2];
          if (inside) mask[static_cast<std::size_t>((d * w.size[1] + h) * w.size[2] + i)] = logits[n] > 0;
        }
      }
    }
  }
}

std::vector<std::vector<bool>> predict(const TorchNetwork& network, const TrainingCase& source,
                                       const Kernel3& patch, std::size_t regions) {
  const Kernel3& size = source.size();
  std::vector<std::vector<bool>> masks(regions, std::vector<bool>(source.labels().size()));
  for (const std::int64_t d : starts_along(size[0], patch[0])) {
    for (const std::int64_t h : starts_along(size[1], patch[1])) {
      for (const std::int64_t w : starts_along(size[2], patch[2])) {
        const Vec3 centre{static_cast<double>(d) + static_cast<double>(patch[0] - 1) / 2,
                          static_cast<double>(h) + static_cast<double>(patch[1] - 1) / 2,
                          static_cast<double>(w) + static_cast<double>(patch[2] - 1) / 2};
        Patch input = cut_patch(source, patch, centre, Mat3::identity());
        const at::Tensor tensor = at::from_blob(input.image.data(), {1, 1, patch[0], patch[1], patch[2]});
        const at::Tensor logits = network.forward(tensor).front().contiguous();
        paste(logits.data_ptr<float>(), {{d, h, w}, patch, size}, masks);
      }
    }
  }
  return masks;
}

}  // namespace

std::vector<ValidationScore> validate(const TorchNetwork& network, const PreprocessedDataset& dataset) {
  const at::NoGradGuard no_gradients;
  const auto& regions = dataset.labels.regions;
  std::vector<ValidationScore> scores;
  for (const auto& [name, values] : regions) scores.push_back({name, 0, 0});
  for (const TrainingCase& source : dataset.validation) {
    const auto masks = predict(network, source, dataset.plan.patch_size, regions.size());
    for (std::size_t r = 0; r < regions.size(); ++r) {
      const std::vector<float> truth = region_target(source.labels(), regions[r].second);
      double both = 0;
      double sum = 0;
      for (std::size_t v = 0; v < truth.size(); ++v) {
        both += masks[r][v] && truth[v] > 0 ? 1 : 0;
        sum += (masks[r][v] ? 1 : 0) + truth[v];
      }
      if (sum == 0) continue;
      scores[r].dsc += 2 * both / sum;
      ++scores[r].cases;
    }
  }
  for (ValidationScore& score : scores)
    score.dsc /= static_cast<double>(std::max<std::int64_t>(score.cases, 1));
  return scores;
}

}  // namespace hepar
