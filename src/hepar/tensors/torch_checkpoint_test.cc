// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/torch_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "hepar/tensors/test_assembly.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kCases = fs::path(HEPAR_GOLDEN) / "nnunet";
const fs::path kCase2 = kCases / "case2_regions_crop_pad_ensemble";
const fs::path kCase4 = kCases / "case4_resenc_transposed_sepz";
const fs::path kCheckpoint2 = kCase2 /
                              "model/Dataset802_LiverRegions/nnUNetTrainer__nnUNetPlans__3d_fullres" /
                              "fold_0/checkpoint_final.pth";
const fs::path kCheckpoint4 = kCase4 / "model/Dataset804_LiverSagittalResEnc" /
                              "nnUNetTrainer__nnUNetResEncUNetMPlans__3d_fullres/fold_0/checkpoint_final.pth";

// ('storage', torch.<type>Storage, key, 'cpu', count) as a persistent id.
std::string storage(const std::string& type, const std::string& key, int count) {
  return std::string("(").append(text("storage")) + global("torch", type + "Storage") + text(key) +
         text("cpu") + small(count) + "tQ";
}
std::string tuple(const std::vector<std::int32_t>& numbers) {
  std::string bytes = "(";
  for (const auto number : numbers) bytes += integer(number);
  return bytes + "t";
}
// _rebuild_tensor_v2(storage, first, shape, strides, False, OrderedDict()).
std::string view(const std::string& stored, int first, const std::vector<std::int32_t>& shape,
                 const std::vector<std::int32_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2").append("(").append(stored) + integer(first) +
         tuple(shape) + tuple(strides) + "\x89" + global("collections", "OrderedDict") + ")RtR";
}

class TorchCheckpointTest : public FolderTest {
 protected:
  // A checkpoint whose dictionary has these keys and values, and these storages.
  fs::path checkpoint(const std::string& items, std::vector<TestEntry> storages) const {
    std::vector<TestEntry> entries{{"c/data.pkl", std::string("\x80\2}(").append(items) + "u."}};
    for (auto& entry : storages) {
      entry.name.insert(0, "c/data/");
      entries.push_back(entry);
    }
    entries.push_back({"c/version", "3\n"});
    return write("c.pth", zip_of(entries));
  }
  fs::path weights(const std::string& items, std::vector<TestEntry> storages) const {
    return checkpoint(text("network_weights") + "}(" + items + "u", std::move(storages));
  }
  static std::string opening(ErrorCode code, const fs::path& path) {
    return error_of(code, [&] { TorchCheckpoint file(path); });
  }
};

// Lines of state_dict_keys.txt: "name (8, 1, 3) float32".
std::map<std::string, std::vector<std::int64_t>> listed_shapes(const fs::path& path) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.find('('), close = line.find(')');
    if (open == std::string::npos) continue;
    std::istringstream numbers(line.substr(open + 1, close - open - 1));
    auto& shape = shapes[line.substr(0, open - 1)];
    for (std::string number; std::getline(numbers, number, ',');) {
      if (!number.empty()) shape.push_back(std::stoll(number));
    }
  }
  return shapes;
}

TEST_F(TorchCheckpointTest, HoldsTheKeysThatPythonListed) {
  for (const auto& [folder, checkpoint] :
       {std::pair(kCase2, kCheckpoint2), std::pair(kCase4, kCheckpoint4)}) {
    const auto listed = listed_shapes(folder / "state_dict_keys.txt");
    const TorchCheckpoint file(checkpoint);
    ASSERT_GT(listed.size(), 100u);
    ASSERT_EQ(file.tensors().size(), listed.size());
    for (const auto& [name, entry] : file.tensors()) {
      ASSERT_TRUE(listed.contains(name)) << name;
      EXPECT_EQ(entry.shape, listed.at(name)) << name;
      EXPECT_EQ(entry.type, ElementType::kFloat32) << name;
    }
  }
}

TEST_F(TorchCheckpointTest, DuplicateKeysShareTheirStorage) {
  const TorchCheckpoint file(kCheckpoint2);
  const auto& tensors = file.tensors();
  const auto& own = tensors.at("encoder.stages.0.0.convs.0.conv.weight");
  for (const char* name : {"encoder.stages.0.0.convs.0.all_modules.0.weight",
                           "decoder.encoder.stages.0.0.convs.0.conv.weight"}) {
    EXPECT_EQ(tensors.at(name).storage.data(), own.storage.data()) << name;
  }
  EXPECT_EQ(file.read("encoder.stages.0.0.convs.0.conv.weight").values.size(), 8u * 27u);
}

TEST_F(TorchCheckpointTest, TellsTheRestAsJson) {
  const auto info = ordered_json::parse(TorchCheckpoint(kCheckpoint2).info_json());
  std::vector<std::string> keys;
  for (const auto& [key, value] : info.items()) keys.push_back(key);
  // The order of nnUNetTrainer.save_checkpoint.
  EXPECT_THAT(keys, ElementsAre("grad_scaler_state", "logging", "_best_ema", "current_epoch", "init_args",
                                "trainer_name", "inference_allowed_mirroring_axes"));
  EXPECT_EQ(info["trainer_name"], "nnUNetTrainer");
  EXPECT_EQ(info["inference_allowed_mirroring_axes"], ordered_json::parse("[0,1,2]"));
  EXPECT_EQ(info["init_args"]["configuration"], "3d_fullres");
  EXPECT_TRUE(info["init_args"]["device"].is_null());
  EXPECT_EQ(info["logging"]["train_losses"].size(), info["current_epoch"].get<std::size_t>());
  EXPECT_TRUE(info["_best_ema"].is_number_float());
  const auto dataset =
      ordered_json::parse(std::ifstream(kCheckpoint2.parent_path().parent_path() / "dataset.json"));
  EXPECT_EQ(info["init_args"]["dataset_json"].dump(), dataset.dump());
}

TEST_F(TorchCheckpointTest, ReadsEveryFloatType) {
  const TorchCheckpoint file(weights(text("f") + view(storage("Float", "0", 2), 0, {2}, {1}) + text("h") +
                                         view(storage("Half", "1", 2), 0, {2}, {1}) + text("b") +
                                         view(storage("BFloat16", "2", 1), 0, {}, {}) + text("d") +
                                         view(storage("Double", "3", 1), 0, {1}, {1}) + text("n") +
                                         view(storage("Long", "4", 1), 0, {1}, {1}) + text("?") +
                                         view(storage("Bool", "5", 1), 0, {1}, {1}),
                                     {{"0", little(1.5F) + little(-2.0F)},
                                      {"1", u16(0x3c00) + u16(0xc000)},
                                      {"2", u16(0x3f80)},
                                      {"3", little(0.1)},
                                      {"4", u64(3)},
                                      {"5", "\1"}}));
  EXPECT_THAT(file.read("f").values, ElementsAre(1.5F, -2.0F));
  EXPECT_THAT(file.read("h").values, ElementsAre(1.0F, -2.0F));
  EXPECT_THAT(file.read("b").values, ElementsAre(1.0F));
  EXPECT_TRUE(file.read("b").shape.empty());
  EXPECT_THAT(file.read("d").values, ElementsAre(0.1F));
  EXPECT_EQ(file.tensors().at("n").type, ElementType::kInt64);
  error_of(ErrorCode::kInvalidInput, [&] { file.read("n"); });
  EXPECT_FALSE(file.tensors().contains("?"));
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { file.read("x"); }), HasSubstr("no tensor 'x'"));
}

TEST_F(TorchCheckpointTest, HonoursStridesAndOffsets) {
  std::string data;
  for (int n = 0; n < 8; ++n) data += little(static_cast<float>(n));
  const std::string stored = storage("Float", "0", 8);
  // The storage is 0..7. Transposed [[1,3,5],[2,4,6]] from place 1; every second one; axes of size 1 with
  // strides that are never gone; nothing.
  const TorchCheckpoint file(weights(text("t") + view(stored, 1, {2, 3}, {1, 2}) + text("s") +
                                         view(stored, 0, {4}, {2}) + text("o") +
                                         view(stored, 2, {1, 2, 1}, {0x7fffffff, 3, 0x7fffffff}) + text("e") +
                                         view(stored, 8, {0, 5}, {5, 1}),
                                     {{"0", data}}));
  EXPECT_THAT(file.read("t").values, ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_THAT(file.read("t").shape, ElementsAre(2, 3));
  EXPECT_THAT(file.read("s").values, ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(file.read("o").values, ElementsAre(2, 5));
  EXPECT_TRUE(file.read("e").values.empty());
}

TEST_F(TorchCheckpointTest, StripsPrefixesAndParameters) {
  const std::string one = view(storage("Float", "0", 1), 0, {1}, {1});
  const std::string parameter = global("torch._utils", "_rebuild_parameter") + one + "\x88" +
                                global("collections", "OrderedDict") + ")R\x87R";
  const TorchCheckpoint file(weights(text("module._orig_mod.module.a") + one + text("_orig_mod.b") +
                                         parameter + text("c.module.d") + one + text("no tensor") + small(3),
                                     {{"0", little(4.0F)}}));
  ASSERT_EQ(file.tensors().size(), 3u);
  for (const char* name : {"a", "b", "c.module.d"}) EXPECT_THAT(file.read(name).values, ElementsAre(4.0F));
  EXPECT_THAT(
      opening(ErrorCode::kCorrupt, weights(text("a") + one + text("module.a") + one, {{"0", little(4.0F)}})),
      HasSubstr("named 'a'"));
}

TEST_F(TorchCheckpointTest, TakesAStateDictToo) {
  const std::string one = view(storage("Float", "0", 1), 0, {1}, {1});
  const TorchCheckpoint bare(checkpoint(text("a.weight") + one, {{"0", little(4.0F)}}));
  EXPECT_THAT(bare.read("a.weight").values, ElementsAre(4.0F));
  EXPECT_EQ(bare.info_json(), "{}");
  const TorchCheckpoint inside(checkpoint(text("epoch") + small(7) + text("state_dict") + "}(" + text("a") +
                                              one + "u" + text("optimizer_state") + one,
                                          {{"0", little(4.0F)}}));
  EXPECT_THAT(inside.read("a").values, ElementsAre(4.0F));
  EXPECT_EQ(inside.info_json(), R"({"epoch":7})");
}

TEST_F(TorchCheckpointTest, ViewsBeyondTheirStorageAreRefused) {
  const std::string stored = storage("Float", "0", 4);
  const auto refused = [&](int first, const std::vector<std::int32_t>& shape,
                           const std::vector<std::int32_t>& strides) {
    const fs::path path =
        weights(text("a") + view(stored, first, shape, strides), {{"0", std::string(16, '\0')}});
    EXPECT_THAT(opening(ErrorCode::kCorrupt, path), HasSubstr("tensor 'a'"));
  };
  refused(0, {5}, {1});
  refused(1, {4}, {1});
  refused(-1, {2}, {1});
  refused(5, {0}, {1});
  refused(0, {2, 2}, {3, 3});
  refused(0, {-1}, {1});
  refused(3, {2}, {-1});
  refused(0, {2}, {1, 1});
  refused(0, {5}, {0});  // an expanded view: any number of elements without data
  refused(0, {0x7fffffff, 0x7fffffff, 0x7fffffff}, {0, 0, 0});
  refused(0, {0x7fffffff, 2, 1}, {0x7fffffff, 0x7fffffff, 1});
}

TEST_F(TorchCheckpointTest, WrongStoragesAreRefused) {
  const auto file = [&](const std::string& stored, const std::vector<TestEntry>& storages) {
    return weights(text("a") + view(stored, 0, {1}, {1}), storages);
  };
  EXPECT_THAT(opening(ErrorCode::kCorrupt, file(storage("Float", "7", 1), {{"0", little(1.0F)}})),
              HasSubstr("data '7' of tensor 'a' is missing"));
  EXPECT_THAT(opening(ErrorCode::kCorrupt, file(storage("Float", "0", 2), {{"0", little(1.0F)}})),
              HasSubstr("data of 2 elements and has 4 bytes"));
  EXPECT_THAT(opening(ErrorCode::kCorrupt, file(small(1), {})), HasSubstr("tensor 'a'"));
}

TEST_F(TorchCheckpointTest, CommandsAreRefusedByName) {
  const fs::path path =
      checkpoint(text("network_weights") + global("os", "system") + text("touch harm") + "\x85R", {});
  EXPECT_THAT(opening(ErrorCode::kUnsupported, path), AllOf(HasSubstr("c.pth"), HasSubstr("os.system")));
}

TEST_F(TorchCheckpointTest, OtherFilesAreNamedForWhatTheyAre) {
  const std::string magic("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  EXPECT_THAT(opening(ErrorCode::kUnsupported, write("old.pth", magic)), HasSubstr("before 1.6"));
  EXPECT_THAT(opening(ErrorCode::kCorrupt, write("text.pth", "hello")),
              HasSubstr("does not begin like a zip"));
  EXPECT_THAT(opening(ErrorCode::kCorrupt, write("empty.pth", "")), HasSubstr("0 bytes"));
  EXPECT_THAT(opening(ErrorCode::kMissing, folder_ / "none.pth"), HasSubstr("none.pth"));
  EXPECT_THAT(opening(ErrorCode::kInvalidInput, write("a.zip", zip_of({{"a/b", "c"}}))),
              HasSubstr("data.pkl"));
  EXPECT_THAT(opening(ErrorCode::kUnsupported,
                      write("s.pt", zip_of({{"s/data.pkl", "N."}, {"s/constants.pkl", "N."}}))),
              HasSubstr("TorchScript"));
  EXPECT_THAT(opening(ErrorCode::kUnsupported,
                      write("big.pth", zip_of({{"s/data.pkl", "N."}, {"s/byteorder", "big"}}))),
              HasSubstr("byte order"));
  EXPECT_THAT(opening(ErrorCode::kInvalidInput, write("n.pth", zip_of({{"s/data.pkl", "N."}}))),
              HasSubstr("no dictionary"));
  EXPECT_THAT(opening(ErrorCode::kInvalidInput, checkpoint(text("epoch") + small(1), {})),
              HasSubstr("neither 'network_weights' nor tensors"));
}

TEST_F(TorchCheckpointTest, ChecksumOfThePickleCounts) {
  const std::string pickle =
      std::string("\x80\2}(").append(text("a")) + view(storage("Float", "0", 1), 0, {1}, {1}) + "u.";
  const TestEntry data{"c/data/0", little(4.0F)};
  EXPECT_THAT(opening(ErrorCode::kCorrupt,
                      write("c.pth", zip_of({{"c/data.pkl", pickle, 0, 0, 1}, data, {"c/version", "3\n"}}))),
              HasSubstr("checksum"));
  // torch.serialization.set_crc32_options(False): no checksum anywhere.
  const TorchCheckpoint file(
      write("c.pth", zip_of({{"c/data.pkl", pickle, 0, 0, 1}, data, {"c/version", "3\n", 0, 0, 1}})));
  EXPECT_EQ(file.tensors().size(), 1u);
}

TEST_F(TorchCheckpointTest, TruncationIsRefused) {
  const std::string whole = read_text_file(kCheckpoint2);
  for (std::size_t part = 0; part < 50; ++part) {
    opening(ErrorCode::kCorrupt, write("t.pth", whole.substr(0, whole.size() * part / 50)));
  }
  EXPECT_THAT(opening(ErrorCode::kCorrupt, write("t.pth", whole.substr(0, whole.size() - 1))),
              HasSubstr("damaged or truncated"));
}

TEST_F(TorchCheckpointTest, NoFlippedBitDoesMoreThanAnError) {
  const std::string pickle = std::string("\x80\2}(").append(text("network_weights")) + "}(" + text("a") +
                             view(storage("Float", "0", 6), 0, {2, 3}, {1, 2}) + "u" + text("axes") +
                             tuple({0, 1, 2}) + "u.";
  // Without right checksums the pickle's own checks are tested.
  const std::string whole = zip_of(
      {{"c/data.pkl", pickle, 0, 0, 1}, {"c/data/0", std::string(24, '\0')}, {"c/version", "3\n", 0, 0, 1}});
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    try {
      const TorchCheckpoint file(write("f.pth", flipped));
      for (const auto& [name, entry] : file.tensors()) file.read(name);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(TorchCheckpointTest, ReadsWhatItWrites) {
  const std::vector<float> shared{1, 2, 3, 4, 5, 6}, other{-0.0F, 1e-42F};
  const std::string info = R"({"epoch":12,"ema":0.25,"axes":[0,1],"none":null,"t":true,)"
                           R"("init_args":{"fold":0,"big":5000000000,"text":"caf\u00e9"}})";
  const fs::path path = folder_ / "checkpoint_final.pth";
  write_torch_checkpoint(path,
                         std::vector<CheckpointTensor>{{"encoder.w", {2, 3}, shared},
                                                       {"decoder.encoder.w", {2, 3}, shared},
                                                       {"b", {2}, other},
                                                       {"empty", {0, 4}, {}}},
                         info);
  const TorchCheckpoint file(path);
  EXPECT_EQ(ordered_json::parse(file.info_json()).dump(), ordered_json::parse(info).dump());
  ASSERT_EQ(file.tensors().size(), 4u);
  EXPECT_EQ(file.read("encoder.w").values, shared);
  EXPECT_THAT(file.read("encoder.w").shape, ElementsAre(2, 3));
  EXPECT_EQ(file.tensors().at("encoder.w").storage.data(),
            file.tensors().at("decoder.encoder.w").storage.data());
  EXPECT_EQ(file.read("b").values, other);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(TorchCheckpointTest, WritingRefusesValuesThatDoNotFitTheShape) {
  const std::vector<float> values(3);
  error_of(ErrorCode::kInternal, [&] {
    write_torch_checkpoint(folder_ / "c.pth", std::vector<CheckpointTensor>{{"a", {2}, values}}, "{}");
  });
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace hepar
