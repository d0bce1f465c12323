// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

namespace hepar {

// Fills `values` with the elements of an array from `first` on, last axis fastest.
using FloatSource = std::function<void(std::int64_t first, std::span<float> values)>;

// Writes an .npz file with the one float32 array "probabilities", as nnU-Net's numpy.savez_compressed does,
// whole or not at all. The source is asked for one stretch after the other, from one thread; memory is a few
// MiB per thread whatever the shape, and the bytes do not depend on the number of threads. A full disk is
// Error(kExhausted). Formats: numpy/lib/format.py, version 1.0, in a zip file.
void write_probabilities_npz(const std::filesystem::path& path, std::span<const std::int64_t> shape,
                             const FloatSource& source);

}  // namespace hepar
