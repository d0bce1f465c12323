// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/tensors/byte_count.h"
#include "hepar/tensors/pickle_encoder.h"
#include "hepar/tensors/torch_checkpoint.h"
#include "hepar/tensors/zip_writer.h"

namespace hepar {
namespace {
using Json = nlohmann::ordered_json;
using namespace pickle;

PickledValue value_of(const Json& json) {
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_integer()) return {json.get<std::int64_t>()};
  if (json.is_number_float()) return {json.get<double>()};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    PickledList list;
    for (const auto& item : json) list.items.push_back(value_of(item));
    return {std::move(list)};
  }
  if (json.is_object()) {
    PickledDict dictionary;
    for (const auto& [key, item] : json.items()) dictionary.items.emplace_back(key, value_of(item));
    return {std::move(dictionary)};
  }
  return {};
}

// Numbers the storages: one for all tensors with the same data.
class Storages {
 public:
  std::size_t number(std::span<const float> values) {
    const auto [place, is_new] = numbers_.try_emplace({values.data(), values.size()}, in_order_.size());
    if (is_new) in_order_.push_back(values);
    return place->second;
  }
  const std::vector<std::span<const float>>& in_order() const { return in_order_; }

 private:
  std::map<std::pair<const float*, std::size_t>, std::size_t> numbers_;
  std::vector<std::span<const float>> in_order_;
};

void add_empty_ordered_dict(PickleEncoder& encoder) {
  encoder.add_name("collections", "OrderedDict");
  encoder.add(kEmptyTuple);
  encoder.add(kReduce);
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

// _rebuild_tensor_v2(storage, 0, shape, strides, requires_grad, backward_hooks).
void add_tensor(PickleEncoder& encoder, const CheckpointTensor& tensor, std::size_t storage) {
  HEPAR_EXPECT(byte_count(tensor.shape, 1) == tensor.values.size(),
               fmt::format("tensor '{}' has {} values, which its shape does not fit", tensor.name,
                           tensor.values.size()));
  encoder.add_name("torch._utils", "_rebuild_tensor_v2");
  encoder.add(kMark);
  encoder.add(kMark);
  encoder.add_text("storage");
  encoder.add_name("torch", "FloatStorage");
  encoder.add_text(std::to_string(storage));
  encoder.add_text("cpu");
  encoder.add_integer(static_cast<std::int64_t>(tensor.values.size()));
  encoder.add(kTuple);
  encoder.add(kBinPersId);
  encoder.add_integer(0);
  encoder.add_integers(tensor.shape);
  encoder.add_integers(contiguous_strides(tensor.shape));
  encoder.add(kNewFalse);
  add_empty_ordered_dict(encoder);
  encoder.add(kTuple);
  encoder.add(kReduce);
}

std::string dictionary_pickle(std::span<const CheckpointTensor> tensors, const Json& info,
                              Storages& storages) {
  PickleEncoder encoder(2);
  encoder.add(kEmptyDict);
  encoder.add(kMark);
  encoder.add_text("network_weights");
  add_empty_ordered_dict(encoder);
  encoder.add(kMark);
  for (const auto& tensor : tensors) {
    encoder.add_text(tensor.name);
    add_tensor(encoder, tensor, storages.number(tensor.values));
  }
  encoder.add(kSetItems);
  for (const auto& [key, value] : info.items()) {
    encoder.add_text(key);
    encoder.add_value(value_of(value));
  }
  encoder.add(kSetItems);
  return encoder.finish();
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

// The entries and their order are those of torch/serialization.py, _save; torch.load finds them by name, and
// wants data.pkl first.
void write_torch_checkpoint(const std::filesystem::path& path, std::span<const CheckpointTensor> tensors,
                            const std::string& info_json) {
  const Json info = Json::parse(info_json, nullptr, false);
  HEPAR_EXPECT(info.is_object() && !info.contains("network_weights"),
               "the information beside the weights is a JSON object");
  Storages storages;
  const std::string pickle = dictionary_pickle(tensors, info, storages);
  const std::string root = path.stem().string() + "/";
  ZipWriter zip(path);
  zip.add_stored(root + "data.pkl", bytes_of(pickle));
  zip.add_stored(root + "byteorder", bytes_of("little"));
  for (std::size_t n = 0; n < storages.in_order().size(); ++n) {
    zip.add_stored(fmt::format("{}data/{}", root, n), std::as_bytes(storages.in_order()[n]));
  }
  zip.add_stored(root + "version", bytes_of("3\n"));
  zip.commit();
}

}  // namespace hepar
