// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "hepar/io/npz_writer.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar {
namespace {

using NumPyPeer = io::ScratchFolder;

// Element n is n modulo 1009, over 1024: exact in both programs. Shapes of one to four axes, some of them of
// several blocks, one of none.
TEST_F(NumPyPeer, LoadsOurProbabilities) {
  const auto fill = [](std::int64_t first, std::span<float> values) {
    for (auto& value : values) value = static_cast<float>(first++ % 1009) / 1024;
  };
  write_probabilities_npz(folder_ / "0.npz", std::array<std::int64_t, 4>{3, 70, 80, 90}, fill);
  write_probabilities_npz(folder_ / "1.npz", std::array<std::int64_t, 1>{5}, fill);
  write_probabilities_npz(folder_ / "2.npz", std::array<std::int64_t, 3>{2, 0, 4}, fill);
  write_probabilities_npz(folder_ / "3.npz", std::array<std::int64_t, 2>{2, 1 << 18}, fill);
  write("peer.py", R"(
import zipfile
import numpy
for n, shape in enumerate([(3, 70, 80, 90), (5,), (2, 0, 4), (2, 1 << 18)]):
    assert zipfile.ZipFile(f"{n}.npz").testzip() is None  # checksums
    file = numpy.load(f"{n}.npz")
    assert file.files == ["probabilities"], file.files
    array = file["probabilities"]
    want = (numpy.arange(numpy.prod(shape)) % 1009 / 1024).astype(numpy.float32).reshape(shape)
    assert array.dtype == numpy.float32 and array.flags.c_contiguous and numpy.array_equal(array, want), shape
)");
  std::string command = "cd '";
  command.append(folder_.string()).append("' && '").append(HEPAR_PEER_PYTHON).append("' peer.py");
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace hepar
