// SPDX-License-Identifier: Apache-2.0
// Debian's PyTorch and NumPy as peers: what they write is read, what we write they read.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "hepar/tensors/pickle_writer.h"
#include "hepar/tensors/test_assembly.h"
#include "hepar/tensors/test_npy.h"
#include "hepar/tensors/torch_checkpoint.h"
#include "hepar/tensors/zip_writer.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::ElementsAre;

class TorchPeerTest : public FolderTest {
 protected:
  // Runs a script in the test's folder; false when it fails, for instance by an assert.
  bool python(const std::string& script) const {
    write("peer.py", script);
    const std::string command = fmt::format("cd '{}' && '{}' peer.py", folder_.string(), HEPAR_PEER_PYTHON);
    return std::system(command.c_str()) == 0;
  }
};

// One checkpoint with everything that may differ from nnU-Net's own, and each tensor's values as float32
// .npy.
constexpr char kWriteCheckpoint[] = R"(
import collections, pathlib
import numpy, torch
torch.manual_seed(1)
base = torch.randn(4, 5, 6)
weights = {
    "module._orig_mod.float": base,
    "module._orig_mod.half": torch.randn(3, 7).half(),
    "module._orig_mod.bfloat": torch.randn(3, 7).bfloat16(),
    "module._orig_mod.double": torch.randn(11, dtype=torch.float64),
    "module._orig_mod.transposed": base.permute(2, 0, 1),
    "module._orig_mod.sliced": base[1:3, ::2, 1:],
    "module._orig_mod.half_transposed": torch.randn(6, 4).half().t(),
    "module._orig_mod.scalar": torch.tensor(2.5),
    "module._orig_mod.empty": torch.zeros(0, 3),
    "module._orig_mod.parameter": torch.nn.Parameter(torch.randn(2, 2)),
    "module._orig_mod.steps": torch.tensor(3),
}
network = collections.OrderedDict(weights)
network._metadata = {"": {"version": 1}}
torch.save({
    "network_weights": network,
    "optimizer_state": {"state": {0: {"momentum_buffer": base}}},
    "logging": {"ema": [numpy.float64(0.25), numpy.float32(-1.5)], "n": numpy.int64(7), "yes": numpy.bool_(True),
                "array": numpy.array([[1, 2], [3, 4]], numpy.int32), "nan": float("nan")},
    "init_args": {"fold": 0, "labels": {0: "background", 1: (1, 2)}, "device": torch.device("cpu"),
                  "folder": pathlib.PosixPath("/a/b"), "size": torch.Size([2, 3]), "set": {5},
                  "dtype": torch.float32},
    "trainer_name": "nnUNetTrainer",
    "axes": (0, 1, 2),
}, "checkpoint.pth")
for name, tensor in weights.items():
    numpy.save(name.rsplit(".", 1)[1] + ".npy", tensor.detach().float().contiguous().numpy())
)";

TEST_F(TorchPeerTest, ReadsWhatTorchWrites) {
  ASSERT_TRUE(python(kWriteCheckpoint));
  const TorchCheckpoint file(folder_ / "checkpoint.pth");
  EXPECT_EQ(file.tensors().size(), 11u);
  for (const char* name : {"float", "half", "bfloat", "double", "transposed", "sliced", "half_transposed",
                           "scalar", "empty", "parameter"}) {
    const NamedTensor tensor = file.read(name);
    const NpyArray expected = read_npy(folder_ / fmt::format("{}.npy", name));
    EXPECT_EQ(tensor.shape, expected.shape) << name;
    EXPECT_EQ(std::vector<double>(tensor.values.begin(), tensor.values.end()), expected.values) << name;
  }
  EXPECT_EQ(file.tensors().at("sliced").storage.data(), file.tensors().at("float").storage.data());
  const ordered_json expected = ordered_json::parse(
      R"({"logging":{"ema":[0.25,-1.5],"n":7,"yes":true,"array":[[1,2],[3,4]],"nan":null},)"
      R"("init_args":{"fold":0,"labels":{"0":"background","1":[1,2]},"device":null,"folder":null,"size":[2,3],)"
      R"("set":[5],"dtype":null},"trainer_name":"nnUNetTrainer","axes":[0,1,2]})");
  EXPECT_EQ(ordered_json::parse(file.info_json()).dump(), expected.dump());
}

// A checkpoint saved under NumPy 2: the same bytes with the module's new name.
TEST_F(TorchPeerTest, ReadsTheNamesOfNumPy2) {
  ASSERT_TRUE(python(R"(
import zipfile
import numpy, torch
torch.save({"network_weights": {"a": torch.ones(2)}, "ema": numpy.float64(0.375)}, "one.pth")
source = zipfile.ZipFile("one.pth")
with zipfile.ZipFile("two.pth", "w") as target:
    for item in source.infolist():
        data = source.read(item)
        if item.filename.endswith("data.pkl"):
            assert b"cnumpy.core.multiarray\n" in data
            data = data.replace(b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n")
        target.writestr(item.filename, data)
)"));
  const TorchCheckpoint file(folder_ / "two.pth");
  EXPECT_EQ(file.info_json(), R"({"ema":0.375})");
  EXPECT_THAT(file.read("a").values, ElementsAre(1.0F, 1.0F));
}

TEST_F(TorchPeerTest, OldAndCompressedFilesAreRefused) {
  ASSERT_TRUE(python(R"(
import zipfile
import torch
torch.save({"network_weights": {"a": torch.ones(2)}}, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"network_weights": {"a": torch.ones(2)}}, "c.pth")
source = zipfile.ZipFile("c.pth")
with zipfile.ZipFile("deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
    for item in source.infolist():
        target.writestr(item.filename, source.read(item))
)"));
  EXPECT_THAT(error_of(ErrorCode::kUnsupported, [&] { TorchCheckpoint(folder_ / "legacy.pth"); }),
              testing::HasSubstr("torch.save it again"));
  EXPECT_THAT(error_of(ErrorCode::kUnsupported, [&] { TorchCheckpoint(folder_ / "deflated.pth"); }),
              testing::HasSubstr("data.pkl' is compressed"));
}

// What Python's own pickle makes of attacks, in every protocol.
TEST_F(TorchPeerTest, NothingIsRun) {
  ASSERT_TRUE(python(R"(
import os, pickle, zipfile
class Harm:
    def __reduce__(self):
        return os.system, ("touch harm",)
for protocol in range(2, 6):
    with zipfile.ZipFile(f"{protocol}.pth", "w") as target:
        target.writestr("c/data.pkl", pickle.dumps({"network_weights": Harm()}, protocol))
)"));
  for (int protocol = 2; protocol <= 5; ++protocol) {
    EXPECT_THAT(error_of(ErrorCode::kUnsupported,
                         [&] { TorchCheckpoint(folder_ / fmt::format("{}.pth", protocol)); }),
                testing::HasSubstr("names posix.system"));
  }
  EXPECT_FALSE(fs::exists(folder_ / "harm"));
}

// Every checkpoint of the fixtures against torch.load: all values, one tensor after the other by name.
TEST_F(TorchPeerTest, ReadsEveryFixtureAsTorchDoes) {
  std::vector<fs::path> paths;
  for (const auto& item : fs::recursive_directory_iterator(HEPAR_TEST_DATA "/fixtures/nnunet")) {
    if (item.path().extension() == ".pth") paths.push_back(item.path());
  }
  ASSERT_GE(paths.size(), 5u);
  std::string script = "import numpy, torch\n";
  for (std::size_t n = 0; n < paths.size(); ++n) {
    script += fmt::format("w = torch.load('{}', map_location='cpu')['network_weights']\n", paths[n].string());
    script +=
        fmt::format("numpy.save('{}.npy', torch.cat([w[k].flatten() for k in sorted(w)]).numpy())\n", n);
  }
  ASSERT_TRUE(python(script));
  for (std::size_t n = 0; n < paths.size(); ++n) {
    const TorchCheckpoint file(paths[n]);
    std::vector<double> values;
    for (const auto& [name, entry] : file.tensors()) {
      const NamedTensor tensor = file.read(name);
      values.insert(values.end(), tensor.values.begin(), tensor.values.end());
    }
    EXPECT_EQ(values, read_npy(folder_ / fmt::format("{}.npy", n)).values) << paths[n];
  }
}

TEST_F(TorchPeerTest, TorchReadsWhatWeWrite) {
  const std::vector<float> shared{1, -2, 0.1F, 1e-42F, -0.0F, 3e38F}, other{5, 6}, nothing;
  const std::vector<CheckpointTensor> tensors{{"encoder.w", {1, 2, 3}, shared},
                                              {"decoder.encoder.w", {1, 2, 3}, shared},
                                              {"b", {2}, other},
                                              {"scalar", {}, std::span(other).first(1)},
                                              {"empty", {0, 4}, nothing}};
  write_torch_checkpoint(
      folder_ / "checkpoint_final.pth", tensors,
      R"({"current_epoch":12,"init_args":{"configuration":"3d_fullres","fold":[1,null,true],)"
      R"("big":5000000000},"name":"caf\u00e9"})");
  write_torch_checkpoint(folder_ / "real.pth", tensors, R"({"ema":0.25})");
  EXPECT_TRUE(python(R"(
import collections
import torch
for weights_only in (False, True):
    file = torch.load("checkpoint_final.pth", map_location="cpu", weights_only=weights_only)
    weights = file["network_weights"]
    assert type(weights) is collections.OrderedDict
    assert list(weights) == ["encoder.w", "decoder.encoder.w", "b", "scalar", "empty"], list(weights)
    want = torch.tensor([1, -2, 0.1, 1e-42, -0.0, 3e38]).reshape(1, 2, 3)
    assert weights["encoder.w"].dtype == torch.float32 and weights["encoder.w"].shape == want.shape
    assert weights["encoder.w"].numpy().tobytes() == want.numpy().tobytes()
    assert weights["decoder.encoder.w"].data_ptr() == weights["encoder.w"].data_ptr()
    assert weights["b"].tolist() == [5, 6]
    assert weights["scalar"].shape == () and weights["scalar"].item() == 5
    assert weights["empty"].shape == (0, 4)
    del file["network_weights"]
    assert file == {"current_epoch": 12, "name": "caf\u00e9", "init_args": {
        "configuration": "3d_fullres", "fold": [1, None, True], "big": 5000000000}}, file
    module = torch.nn.Module()
    module.b = torch.nn.Parameter(torch.zeros(2))
    module.load_state_dict({"b": weights["b"]})
assert torch.load("real.pth")["ema"] == 0.25
)"));
}

TEST_F(TorchPeerTest, NumPyReadsOurProperties) {
  const double third = 1.0 / 3;
  write_pickle(folder_ / "p.pkl",
               {PickledDict{{{"spacing", {PickledList{{{1.5}, {third}}}}},
                             {"shape", {PickledTuple{{{std::int64_t{3}}, {std::int64_t{-1} << 40}}}}},
                             {"nothing", {}},
                             {"yes", {true}},
                             {"text", {std::string("caf\xc3\xa9")}},
                             {"empty", {PickledDict{}}},
                             {"affine", {PickledArray{{2, 3}, {1, 2, 3, 4, 5, third}}}}}}});
  EXPECT_TRUE(python(R"(
import pickle
import numpy
p = pickle.load(open("p.pkl", "rb"))
affine = p.pop("affine")
assert p == {"spacing": [1.5, 1 / 3], "shape": (3, -2**40), "nothing": None, "yes": True, "text": "caf\u00e9",
             "empty": {}}, p
assert list(p) == ["spacing", "shape", "nothing", "yes", "text", "empty"]
assert type(affine) is numpy.ndarray and affine.dtype == numpy.float64 and affine.flags.writeable
assert (affine == [[1, 2, 3], [4, 5, 1 / 3]]).all()
)"));
}

TEST_F(TorchPeerTest, PythonReadsOurZipFiles) {
  // RFC 1951 3.2.4: a final stored block, its length 5 and the complement of that, the bytes.
  const std::string deflated = std::string("\1\5\0\xfa\xff", 5) + "hello";
  {
    ZipWriter zip(folder_ / "w.zip");
    zip.begin_deflated("deflated");
    zip.add_deflated(std::as_bytes(std::span(deflated).first(3)));
    zip.add_deflated(std::as_bytes(std::span(deflated).subspan(3)));
    zip.end_deflated(5, crc32(std::as_bytes(std::span("hello", 5))));
    zip.add_stored("stored", std::as_bytes(std::span("12", 2)));
    zip.begin_deflated("huge");  // its stated size needs zip64
    zip.end_deflated(std::uint64_t{5} << 30, 0);
    zip.commit();
  }
  EXPECT_TRUE(python(R"(
import zipfile
z = zipfile.ZipFile("w.zip")
assert z.namelist() == ["deflated", "stored", "huge"]
assert z.read("deflated") == b"hello" and z.read("stored") == b"12"
assert z.getinfo("huge").file_size == 5 << 30
)"));
}

}  // namespace
}  // namespace hepar
