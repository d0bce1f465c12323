// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/run_record.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// SHA-256 of "abc": FIPS 180-4's example.
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class RunRecords : public ScratchFolder {
 protected:
  RunRecord record() const {
    write_text_file(root_ / "ct", "abc");
    make_folder(root_ / "model");
    write_text_file(root_ / "model/MODEL_CARD.md",
                    "# Model card\n\nFor `CT`.\n**Phantoms only.**\n\n## More\nno\n");
    LesionFilterOptions options;
    options.rule = LesionRule::kPaper;
    options.threshold_hu = 40;
    RunRecord run =
        make_run_record("segment", {{"ct", root_ / "ct", {}}, {"model", root_ / "model", {}}}, options);
    run.timings_s = {{"read", 0.5}};
    return run;
  }
};

TEST_F(RunRecords, HoldHashesModelOptionsAndVersion) {
  const RunRecord run = record();
  EXPECT_EQ(run.hepar_version, version());
  EXPECT_THAT(run.date_utc,
              MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"));
  EXPECT_EQ(run.input("ct")->sha256, kAbc);
  EXPECT_EQ(run.input("labels"), nullptr);
  EXPECT_EQ(run.model_summary, "For CT. Phantoms only.");
  EXPECT_EQ(run.options.at("rule"), "paper");
  EXPECT_EQ(run.options.at("threshold_hu"), "40");
}

TEST_F(RunRecords, ComeBackWithTheirPaths) {
  RunRecord run = record();
  run.search = SearchRecord{.effective = Search::kLabels,
                            .windows = 32,
                            .windows_covered = 18,
                            .windows_run = 30,
                            .coarse_windows = 4,
                            .passes = 2,
                            .coarse_seconds = 1.5,
                            .dropped_parts = 3,
                            .dropped_ml = 0.25,
                            .not_searched = "a reason",
                            .fallback = "another"};
  make_folder(root_ / "out");
  write_text_file(root_ / "out" / kRunFile, run_json(run, root_ / "out"));
  EXPECT_THAT(read_text_file(root_ / "out" / kRunFile), HasSubstr("\"../ct\""));
  const RunRecord back = read_run_record(root_ / "out").value();
  EXPECT_EQ(back.input("ct")->path, root_ / "ct");
  EXPECT_EQ(back.timings_s, run.timings_s);
  EXPECT_EQ(back.search, run.search);
  EXPECT_EQ(back.options, run.options);
  EXPECT_EQ(back.model_summary, run.model_summary);
}

TEST_F(RunRecords, AreNoneOrWhole) {
  EXPECT_FALSE(read_run_record(root_).has_value());
  const auto code = [&](const char* text) {
    write_text_file(root_ / kRunFile, text);
    try {
      read_run_record(root_);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code("{"), ErrorCode::kCorrupt);
  EXPECT_EQ(code(R"({"format": "hepar.run/1"})"), ErrorCode::kCorrupt);
  EXPECT_EQ(code(R"({"format": "hepar.run/9"})"), ErrorCode::kUnsupported);
}

TEST_F(RunRecords, AModelWithoutACardHasNoSummary) { EXPECT_EQ(model_summary(root_), ""); }

}  // namespace
}  // namespace hepar
