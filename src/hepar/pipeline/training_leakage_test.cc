// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_leakage.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/phantom/phantom.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_training_set.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Case a, case b that is a other way round under another name, and case c of another patient.
class TrainingLeakage : public ScratchFolder {
 protected:
  static void SetUpTestSuite() { phantoms() = {make_phantom({}, 0, 0), make_phantom({}, 1, 0)}; }
  static void TearDownTestSuite() { phantoms().clear(); }
  static std::vector<Phantom>& phantoms() {
    static std::vector<Phantom> all;
    return all;
  }
  void SetUp() override {
    ScratchFolder::SetUp();
    make_folder(dataset_);
    test_training_set::write_dataset_json(dataset_);
    add("a", phantoms()[0].ct);
    const AxisOrder turned{.source_axis = {0, 1, 2}, .flipped = {true, true, false}};
    add("b", reorient(phantoms()[0].ct, turned));
    add("c", phantoms()[1].ct);
  }
  void add(const std::string& name, const CtVolume& ct) const {
    test_training_set::write_case(dataset_, name, ct, LabelMap(ct.geometry()));
  }
  std::vector<std::string> check(const Split& split, const fs::path& test_data = {}) const {
    return refuse_leakage(open_training_set(dataset_), split, test_data, root_ / "leakage.json", nullptr);
  }
  std::string refusal(const Split& split, const fs::path& test_data = {}) const {
    try {
      check(split, test_data);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "nothing was refused";
  }
  const fs::path dataset_ = root_ / "set";
};

TEST_F(TrainingLeakage, IsRefusedWithThePairs) {
  EXPECT_THAT(refusal({{"a", "c"}, {"b"}}),
              AllOf(HasSubstr("validation/b is train/a (correlation"), HasSubstr("--splits")));
  EXPECT_FALSE(fs::exists(root_ / "leakage.json"));
  make_folder(root_ / "test");
  write_ct(root_ / "test" / "renamed.nii.gz", phantoms()[0].ct);
  EXPECT_THAT(refusal({{"a"}, {"c"}}, root_ / "test"),
              HasSubstr("test/renamed is train/a (correlation 1.00)"));
}

TEST_F(TrainingLeakage, PassedListsAreNotReadAgain) {
  const Split split{{"a", "b"}, {"c"}};
  EXPECT_THAT(check(split), IsEmpty());
  const auto record = nlohmann::json::parse(read_text_file(root_ / "leakage.json"));
  EXPECT_EQ(record["format"], "hepar.training_leakage/1");
  EXPECT_THAT(record["passed"][0]["compared"]["train"], ElementsAre("a", "b"));
  EXPECT_THAT(record["passed"][0]["compared"]["validation"], ElementsAre("c"));
  add("c", phantoms()[0].ct);  // would be found
  EXPECT_THAT(check(split), IsEmpty());
  EXPECT_THAT(refusal({{"b"}, {"c"}}), HasSubstr("validation/c is train/b"));
  write_text_file(root_ / "leakage.json", "no JSON");
  EXPECT_THAT(refusal(split), HasSubstr("validation/c is train/a"));
}

TEST_F(TrainingLeakage, OfACaseThatIsValidatedOnItselfIsMeant) {
  EXPECT_THAT(check({{"a"}, {"a"}}), IsEmpty());
  EXPECT_FALSE(fs::exists(root_ / "leakage.json"));
  make_folder(root_ / "test");
  write_ct(root_ / "test" / "renamed.nii.gz", phantoms()[0].ct);
  EXPECT_THAT(refusal({{"a"}, {"a"}}, root_ / "test"), HasSubstr("test/renamed is train/a"));
}

TEST_F(TrainingLeakage, ScansThatCannotBeComparedAreNoted) {
  add("short", CtVolume({.size = {40, 40, 3}}, 7));
  EXPECT_THAT(check({{"a"}, {"short"}}), ElementsAre(HasSubstr("validation/short was left out")));
}

}  // namespace
}  // namespace hepar
