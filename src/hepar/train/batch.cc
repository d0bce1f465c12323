// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/batch.h"

#include <algorithm>

#include "hepar/tensors/weights.h"

namespace hepar {

Batch stack(const std::vector<Patch>& patches, const at::Device& device) {
  const auto count = static_cast<std::int64_t>(patches.size());
  const Kernel3& size = patches.front().size;
  Batch batch{at::empty({count, patches.front().channels, size[0], size[1], size[2]}),
              at::empty({count, size[0], size[1], size[2]}, at::kShort)};
  float* image = batch.image.data_ptr<float>();
  std::int16_t* labels = batch.labels.data_ptr<std::int16_t>();
  for (const Patch& patch : patches) {
    image = std::copy(patch.image.begin(), patch.image.end(), image);
    labels = std::copy(patch.labels.begin(), patch.labels.end(), labels);
  }
  return {batch.image.to(device), batch.labels.to(device)};
}

void write_failed_batch(const std::filesystem::path& file, const Batch& batch) {
  const at::Tensor image = batch.image.detach().cpu().contiguous();
  const at::Tensor labels = batch.labels.cpu().contiguous();
  const auto bytes = [](const at::Tensor& tensor) {
    return std::as_bytes(std::span(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()));
  };
  write_safetensors(file, {{"image", ElementType::kFloat32, image.sizes().vec(), bytes(image)},
                           {"labels", ElementType::kInt16, labels.sizes().vec(), bytes(labels)}});
}

}  // namespace hepar
