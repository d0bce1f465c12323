// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/tuning_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"

namespace hepar::cpu {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::json;

const TuningMachine kMachine{"1.2", "Model T, 3 GHz", "avx2"};

class TuningTableFile : public testing::Test {
 protected:
  TuningTableFile() { fs::create_directories(folder_); }
  ~TuningTableFile() override { fs::remove_all(folder_); }

  // What is known of a key, before it is decided to be `choice`.
  static std::string decide(TuningTable& table, const std::string& key, const std::string& choice) {
    std::string before;
    table.find_or_make(key, [&](const std::string& known) {
      before = known;
      return choice;
    });
    return before;
  }
  std::string known(const std::string& key, const TuningMachine& machine = kMachine) const {
    TuningTable table(file_, machine);
    return decide(table, key, "unused");
  }
  void save(const std::string& key, const std::string& choice, const TuningMachine& machine = kMachine) {
    TuningTable table(file_, machine);
    decide(table, key, choice);
    table.save();
  }

  const fs::path folder_ = fs::temp_directory_path() / ("hepar_tuning_table_" + std::to_string(::getpid()));
  const fs::path file_ = folder_ / "deeper" / "tuning.json";
};

TEST_F(TuningTableFile, KeepsChoicesForTheNextProcess) {
  save("key", "direct");
  EXPECT_EQ(known("key"), "direct");
  EXPECT_EQ(known("other key"), "");
  const Json json = Json::parse(read_text_file(file_));
  EXPECT_EQ(json, Json({{"schema", "hepar.tuning/1"},
                        {"machines", {{"hepar 1.2, Model T, 3 GHz, avx2", {{"key", "direct"}}}}}}));
}

TEST_F(TuningTableFile, DecidesOnceInAProcess) {
  TuningTable table(file_, kMachine);
  decide(table, "key", "first");
  const auto again = [](const std::string&) -> std::string {
    ADD_FAILURE() << "asked again";
    return "second";
  };
  EXPECT_EQ(table.find_or_make("key", again), "first");
}

// Whatever is no table is as an empty one, and a damaged table is made anew.
TEST_F(TuningTableFile, IsEmptyWhereTheFileIsDamaged) {
  for (const char* text :
       {"", "garbage", "{\"schema\": \"hepar.tuning/1\", \"machi", R"({"schema": "hepar.tuning/1"})",
        R"({"schema": "hepar.tuning/1", "machines": []})",
        R"({"schema": "hepar.tuning/1", "machines": {"hepar 1.2, Model T, 3 GHz, avx2": 7}})",
        R"({"schema": "hepar.tuning/1",
                               "machines": {"hepar 1.2, Model T, 3 GHz, avx2": {"key": 7}}})"}) {
    SCOPED_TRACE(text);
    fs::create_directories(file_.parent_path());
    write_text_file(file_, text);
    EXPECT_EQ(known("key"), "");
    save("key", "direct");
    EXPECT_EQ(known("key"), "direct");
  }
}

TEST_F(TuningTableFile, LeavesJsonOfAnotherSchemaAlone) {
  for (const char* text :
       {R"({"schema": "hepar.tuning/2", "machines": {}})", R"({"schema": 1, "machines": {}})",
        R"({"name": "a file of the user's"})", "[1, 2]", "3"}) {
    SCOPED_TRACE(text);
    fs::create_directories(file_.parent_path());
    write_text_file(file_, text);
    EXPECT_EQ(known("key"), "");
    save("key", "direct");
    EXPECT_EQ(read_text_file(file_), text);
  }
}

TEST_F(TuningTableFile, KeepsWhatOthersHaveWrittenMeanwhile) {
  TuningTable first(file_, kMachine), second(file_, kMachine);
  decide(first, "a", "one");
  decide(second, "b", "two");
  first.save();
  second.save();
  EXPECT_EQ(known("a"), "one");
  EXPECT_EQ(known("b"), "two");
}

TEST_F(TuningTableFile, HoldsForOneMachineAndVersion) {
  TuningMachine lesser = kMachine, other = kMachine, newer = kMachine;
  lesser.instruction_set = "portable";
  other.processor = "Model T";  // a beginning of the first one's
  newer.version = "1.3";
  save("key", "one");
  save("key", "two", lesser);
  save("key", "three", other);
  EXPECT_EQ(known("key"), "one");
  EXPECT_EQ(known("key", lesser), "two");
  EXPECT_EQ(known("key", other), "three");
  EXPECT_EQ(known("key", newer), "");

  save("key", "four", newer);
  EXPECT_EQ(known("key", newer), "four");
  EXPECT_EQ(known("key"), "") << "of an older version, dropped";
  EXPECT_EQ(known("key", lesser), "") << "of an older version, dropped";
  EXPECT_EQ(known("key", other), "three") << "of another processor, kept";

  other.version = "1.3";
  save("key", "five", other);
  EXPECT_EQ(known("key", newer), "four") << "of another processor, kept";
}

TEST_F(TuningTableFile, IsNotWrittenWhereNothingIsNew) {
  save("key", "direct");
  fs::remove(file_);
  TuningTable empty(file_, kMachine);
  empty.save();
  EXPECT_FALSE(fs::exists(file_));
}

// A file in the place of the folder: not to be written, whoever runs the test.
TEST_F(TuningTableFile, BearsAFolderThatCannotBeWritten) {
  write_text_file(folder_ / "deeper", "a file");
  EXPECT_NO_THROW(save("key", "direct"));
  EXPECT_EQ(known("key"), "");
  EXPECT_EQ(read_text_file(folder_ / "deeper"), "a file");
}

TEST(TuningTable, WithoutAFileLivesInMemory) {
  TuningTable table({});
  EXPECT_EQ(table.find_or_make("key", [](const std::string&) { return "direct"; }), "direct");
  EXPECT_NO_THROW(table.save());
}

TEST(ThisMachine, HasAPrintableName) {
  const TuningMachine machine = this_machine();
  EXPECT_FALSE(machine.version.empty());
  EXPECT_FALSE(machine.processor.empty());
  for (const char c : machine.processor) EXPECT_TRUE(c >= ' ' && c <= '~') << machine.processor;
}

}  // namespace
}  // namespace hepar::cpu
