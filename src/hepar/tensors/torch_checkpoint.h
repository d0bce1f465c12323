// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hepar/tensors/weights.h"

namespace hepar {

// A checkpoint that torch.save wrote (torch 1.6 or newer), read without Python: a zip file with one pickle
// and the bytes of each storage. Nothing of the pickle is run; a name that could run something is
// Error(kUnsupported), as is a file of an older or big-endian torch; damage is Error(kCorrupt), a file
// without weights Error(kInvalidInput). Sources: torch/serialization.py, _save; nnU-Net v2,
// nnUNetTrainer.save_checkpoint.
class TorchCheckpoint {
 public:
  // A view of a storage: element (i, j, ..) lies at first + i strides[0] + j strides[1] + .., in elements.
  struct Entry {
    ElementType type;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
    std::int64_t first;
    std::span<const std::byte>
        storage;  // shared by views of the same data; valid while the file object lives
  };

  // Maps the file and checks every view against its storage; reads no tensor.
  explicit TorchCheckpoint(const std::filesystem::path& path);
  ~TorchCheckpoint();
  TorchCheckpoint(TorchCheckpoint&&) noexcept;
  TorchCheckpoint& operator=(TorchCheckpoint&&) noexcept;

  // The tensors of "network_weights", else of "state_dict", else of the file's dictionary itself. The
  // prefixes "module." and "_orig_mod." of data-parallel and compiled networks are gone. Tensors of element
  // types that ElementType lacks are left out.
  const std::map<std::string, Entry>& tensors() const;

  // One tensor as float32, last axis fastest. Unknown name: Error(kMissing); whole numbers:
  // Error(kInvalidInput).
  NamedTensor read(const std::string& name) const;

  // The rest of the dictionary but "optimizer_state", as the text of a JSON object (see pickle_json.h for
  // what becomes of values that JSON lacks); "{}" when the file's dictionary holds the weights themselves.
  const std::string& info_json() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One tensor of a checkpoint to be written. Tensors with the same data share one storage, as the duplicate
// keys of nnU-Net do.
struct CheckpointTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  // last axis fastest
};

// Writes a checkpoint that torch.load of 1.13 and later reads, with weights_only=True too (torch 1.13 then
// takes no floating-point numbers in info_json), whole or not at all: "network_weights" in the given order
// and, beside it, the keys of the JSON object `info_json`, null as None.
void write_torch_checkpoint(const std::filesystem::path& path, std::span<const CheckpointTensor> tensors,
                            const std::string& info_json);

}  // namespace hepar
