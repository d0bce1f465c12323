// SPDX-License-Identifier: Apache-2.0
// Runs the program as a user does, on phantoms and on broken input.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// The 0/1/2 map that a network would give: cysts are called tumour.
std::string merged_labels(const std::string& from, const std::string& to) {
  LabelMap labels = read_labels(from).voxels;
  for (std::uint8_t& label : labels.voxels()) label = label == kCyst ? kTumour : label;
  write_labels(to, labels);
  return to;
}

class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root() = fs::temp_directory_path() / ("hepar_cli_test_" + std::to_string(::getpid()));
    make_folder(root());
    ASSERT_EQ(run("phantom -o " + path("cohort") + " --cases 2 --seed 5 --cysts some").status, 0);
  }
  static void TearDownTestSuite() { fs::remove_all(root()); }

  static fs::path& root() {
    static fs::path folder;
    return folder;
  }
  static std::string path(const std::string& name) { return (root() / name).string(); }
  static std::string ct() { return path("cohort/imagesTr/phantom_000_0000.nii.gz"); }
  static std::string labels() { return path("cohort/labelsTr/phantom_000.nii.gz"); }

  // `before` is shell text in front of the program, e.g. "ulimit -f 8; ".
  static Outcome run(const std::string& arguments, const std::string& before = "") {
    return run_program(before + HEPAR_BINARY " " + arguments, root());
  }

  // A failure is one sentence on stderr after "hepar: ", nothing on stdout, and no output folder.
  static void expect_refused(const std::string& arguments, int status, const std::string& words) {
    const Outcome outcome = run(arguments + " -o " + path("refused") + " --quiet");
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.starts_with("hepar: ")) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(path("refused")));
    fs::remove_all(path("refused"));
  }
  static std::string bytes(const std::string& name) { return read_text_file(path(name)); }
};

TEST_F(Cli, HelpAndVersion) {
  const Outcome help = run("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* verb :
       {"segment", "predict", "model", "filter", "calibrate", "evaluate", "report", "reproduce", "leakage",
        "phantom", "plan", "preprocess", "train", "demo", "bench"}) {
    EXPECT_NE(help.out.find(verb), std::string::npos) << verb;
    EXPECT_EQ(run(std::string(verb) + " --help").status, 0) << verb;
  }
  EXPECT_NE(help.out.find("not a medical device"), std::string::npos);
  EXPECT_EQ(run("--version").status, 0);
}

TEST_F(Cli, MistypedNamesAreRefusedWithTheNearest) {
  const Outcome option = run("phantom -o x --csaes 3");
  EXPECT_EQ(option.status, 2);
  EXPECT_NE(option.err.find("did you mean --cases?"), std::string::npos) << option.err;
  const Outcome verb = run("segmnet x");
  EXPECT_EQ(verb.status, 2);
  EXPECT_NE(verb.err.find("did you mean segment?"), std::string::npos) << verb.err;
}

TEST_F(Cli, PhantomIsAnNnunetDatasetAndReproducible) {
  const auto dataset = nlohmann::ordered_json::parse(bytes("cohort/dataset.json"));
  EXPECT_EQ(dataset["labels"].dump(), R"({"background":0,"liver":[1,2,3],"tumour":2})");
  EXPECT_EQ(dataset["regions_class_order"].dump(), "[1,2]");
  EXPECT_EQ(dataset["numTraining"], 2);
  const auto truth = nlohmann::json::parse(bytes("cohort/truth.json"));
  ASSERT_EQ(truth["cases"].size(), 2U);
  for (const char* key : {"kind", "centre_lps_mm", "diameter_mm", "true_mean_hu"}) {
    EXPECT_TRUE(truth["cases"][0]["lesions"][0].contains(key)) << key;
  }
  ASSERT_EQ(
      run("phantom -o " + path("again") + " --cases 1 --seed 5 --cysts some --threads 1 --quiet").status, 0);
  EXPECT_EQ(bytes("again/imagesTr/phantom_000_0000.nii.gz"),
            bytes("cohort/imagesTr/phantom_000_0000.nii.gz"));
  EXPECT_EQ(bytes("again/labelsTr/phantom_000.nii.gz"), bytes("cohort/labelsTr/phantom_000.nii.gz"));
}

TEST_F(Cli, PhantomInsertPutsLesionsIntoALiver) {
  const std::string wanted = " --cysts 1 --tumours 1 --necrotic 0 --touching 0 --largest-mm 20 --seed 4";
  const Outcome outcome =
      run("phantom insert " + ct() + " " + labels() + " -o " + path("inserted") + wanted + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out), nlohmann::json::parse(bytes("inserted/truth.json")));
  ASSERT_EQ(run("phantom insert " + ct() + " " + labels() + " -o " + path("inserted_again") + wanted +
                " --threads 1 --quiet")
                .status,
            0);
  for (const char* name : {"ct.nii.gz", "truth.nii.gz", "contoured.nii.gz", "truth.json", "overview.png"})
    EXPECT_EQ(bytes(std::string("inserted/") + name), bytes(std::string("inserted_again/") + name)) << name;
  const Outcome mistyped = run("phantom insert " + ct() + " " + labels() + " -o x --cistss 3");
  EXPECT_EQ(mistyped.status, 2);
  EXPECT_NE(mistyped.err.find("did you mean --cysts?"), std::string::npos) << mistyped.err;
  EXPECT_EQ(run("phantom").status, 2);  // the cohort still needs its output
  expect_refused("phantom insert " + ct() + " " + labels() + " --cysts -1", 2, "number of cysts is -1");
}

TEST_F(Cli, PreprocessPlansFirstAndKeepsWhatIsThere) {
  const std::string command = "preprocess " + path("cohort") + " -o " + path("prepared");
  const Outcome first = run(command);
  ASSERT_EQ(first.status, 0) << first.err;
  for (const char* file :
       {"dataset_fingerprint.json", "nnUNetPlans.json", "splits_final.json", "dataset.json",
        "3d_fullres/cases/phantom_000.safetensors", "3d_fullres/cases/phantom_001.safetensors"})
    EXPECT_TRUE(fs::exists(root() / "prepared" / file)) << file;
  const std::string name = "prepared/3d_fullres/cases/phantom_000.safetensors", before = bytes(name);
  fs::remove(path("prepared/3d_fullres/cases/phantom_001.safetensors"));
  EXPECT_EQ(run(command).status, 0);
  EXPECT_EQ(bytes(name), before);
  EXPECT_TRUE(fs::exists(path("prepared/3d_fullres/cases/phantom_001.safetensors")));
  const Outcome unknown = run(command + " --configuration 3d_hires");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("no configuration '3d_hires'"), std::string::npos) << unknown.err;
  expect_refused("plan " + path("nowhere"), 3, "nowhere");
}

TEST_F(Cli, FilterWritesItsFilesOnTheCtGrid) {
  const Outcome outcome = run("filter " + ct() + " " + labels() + " -o " + path("filtered") + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto document = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(document["timings_s"].contains("read"));
  EXPECT_TRUE(document["timings_s"].contains("filter"));
  EXPECT_TRUE(document["timings_s"].contains("write"));
  const auto file = nlohmann::json::parse(bytes("filtered/lesions.json"));
  EXPECT_EQ(file["format"], "hepar.lesions/2");
  EXPECT_EQ(file["regions"], document["regions"]);
  EXPECT_TRUE(fs::exists(path("filtered/overview.png")));
  const auto written = read_labels(path("filtered/labels.nii.gz")), truth = read_labels(labels());
  EXPECT_EQ(grid_difference(written.voxels.geometry(), truth.voxels.geometry()), std::nullopt);
  EXPECT_EQ(std::distance(fs::directory_iterator(path("filtered")), fs::directory_iterator()), 7);
}

TEST_F(Cli, SegmentIsTheSameForAnyNumberOfThreads) {
  ASSERT_EQ(run("segment " + ct() + " -o " + path("one") + " --threads 1 --quiet").status, 0);
  const Outcome two = run("segment " + ct() + " -o " + path("two") + " --threads 2 --json");
  ASSERT_EQ(two.status, 0) << two.err;
  for (const char* file : {"/labels.nii.gz", "/lesions.json", "/overview.png"}) {
    EXPECT_EQ(bytes(std::string("one") + file), bytes(std::string("two") + file)) << file;
  }
  EXPECT_TRUE(nlohmann::json::parse(two.out).contains("regions"));
  const Outcome evaluated = run("evaluate " + path("two/labels.nii.gz") + " " + labels() + " --json");
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  const auto regions = nlohmann::json::parse(evaluated.out)["methods"][0]["cases"][0]["regions"];
  EXPECT_GE(regions["liver"]["dsc"].get<double>(), 0.95);
}

TEST_F(Cli, EvaluateFoldersAgainstThemselves) {
  const Outcome outcome =
      run("evaluate " + path("cohort/labelsTr") + " " + path("cohort/labelsTr") + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto document = nlohmann::json::parse(outcome.out);
  const auto& method = document["methods"][0];
  ASSERT_EQ(method["cases"].size(), 2U);
  const auto& liver = method["summary"]["liver"];
  EXPECT_EQ(liver["dsc"]["n"], 2);
  EXPECT_EQ(liver["dsc"]["mean"], 1.0);
  EXPECT_EQ(liver["hd95_mm"]["max"], 0.0);
}

TEST_F(Cli, EvaluateNamesFaultsAndIsStrictWhenAsked) {
  make_folder(path("some"));
  fs::copy_file(labels(), path("some/phantom_000.nii.gz"), fs::copy_options::overwrite_existing);
  write_text_file(path("some/phantom_001.nii.gz"), "no image");
  fs::copy_file(labels(), path("some/extra.nii.gz"), fs::copy_options::overwrite_existing);
  const std::string command = "evaluate " + path("some") + " " + path("cohort/labelsTr");
  const Outcome loose = run(command);
  EXPECT_EQ(loose.status, 0);
  EXPECT_NE(loose.err.find("extra of"), std::string::npos) << loose.err;
  EXPECT_NE(loose.err.find("phantom_001 was left out"), std::string::npos) << loose.err;
  EXPECT_NE(loose.out.find("phantom_000"), std::string::npos) << loose.out;
  const Outcome strict = run(command + " --strict -o " + path("strict"));
  EXPECT_EQ(strict.status, 2);
  EXPECT_NE(strict.err.find("hepar: --strict: 2 things were wrong"), std::string::npos) << strict.err;
  EXPECT_TRUE(fs::exists(path("strict/evaluation.json")));  // the rest is there all the same
  // Label 3 belongs to no region.
  const Outcome unnamed = run("evaluate " + labels() + " " + labels() + " --region liver=1,2 --strict");
  EXPECT_EQ(unnamed.status, 2);
  EXPECT_NE(unnamed.err.find("label 3, which no region names"), std::string::npos) << unnamed.err;
}

TEST_F(Cli, EvaluateRefusesWhatItCannotUse) {
  make_folder(path("nothing"));
  expect_refused("evaluate " + path("nothing") + " " + path("cohort/labelsTr"), 2,
                 "nothing holds no label map");
  expect_refused("evaluate " + labels() + " " + labels() + " --region liver", 2, "liver=1,2,3");
  expect_refused("evaluate " + labels() + " " + labels() + " --region a=1 --region a=2", 2, "named twice");
  expect_refused("evaluate " + labels() + " " + labels() + " --min-iou 2", 2, "0 to 1");
  expect_refused("evaluate " + labels() + " " + labels() + " --images " + path("none"), 3, "none");
}

TEST_F(Cli, TheDocumentedMetricsAreTheProgramsOwn) {
  ASSERT_EQ(run("evaluate " + labels() + " " + labels() + " -o " + path("documented") + " --quiet").status,
            0);
  const std::string tables = bytes("documented/tables.md");
  const std::size_t begin = tables.find("| metric | unit | definition | source |");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_NE(read_text_file(HEPAR_DOCS "/reference/metrics.md").find(tables.substr(begin)), std::string::npos)
      << "put this table into docs/reference/metrics.md:\n"
      << tables.substr(begin);
}

TEST_F(Cli, ReportShowsACaseAndAComparisonBeforeAndAfterTheFilter) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  for (const char* name : {"phantom_000", "phantom_001"}) {
    const std::string image = path(std::string("cohort/imagesTr/") + name + "_0000.nii.gz");
    ASSERT_EQ(run("filter " + image + " " +
                  merged_labels(path(std::string("cohort/labelsTr/") + name + ".nii.gz"), merged) + " -o " +
                  path(std::string("results/") + name) + " --quiet")
                  .status,
              0);
  }
  const Outcome one = run("report " + path("results/phantom_000"));
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_NE(bytes("results/phantom_000/report.html").find("data:image/jpeg;base64,"), std::string::npos);
  ASSERT_EQ(run("evaluate " + path("results") + " " + path("cohort/labelsTr") + " --before-filter -o " +
                path("evaluated") + " --quiet")
                .status,
            0);
  for (const char* file : {"comparisons.csv", "box_dsc.svg", "worst_cases.png"}) {
    EXPECT_TRUE(fs::exists(path(std::string("evaluated/") + file))) << file;
  }
  const Outcome all = run("report " + path("evaluated") + " -o " + path("all.html") + " --max-mb 3 --json");
  ASSERT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(nlohmann::json::parse(all.out)["bytes"], fs::file_size(path("all.html")));
  const std::string page = bytes("all.html");
  for (const char* text :
       {"Content-Security-Policy", "phantom_001", "before the filter", "not a medical device"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
}

TEST_F(Cli, ReportRefusesAFolderOfSomethingElse) {
  make_folder(path("nothing"));
  expect_refused("report " + path("nothing"), 2, "evaluation.json");
  expect_refused("report " + path("none"), 3, "none");
}

TEST_F(Cli, ReproduceMakesThePapersTablesOnPhantoms) {
  const Outcome outcome =
      run("reproduce --no-train --training-cases 1 --validation-cases 1 --test-cases 1 "
          "--clinical-cases 2 -o " +
          path("paper"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("Table 1"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("Table 2"), std::string::npos) << outcome.out;
  for (const char* file : {"tables.md", "tables.tex", "reproduction.json", "report.html", "figure_4_dsc.svg",
                           "evaluation_clinical/comparisons.csv"}) {
    EXPECT_TRUE(fs::exists(path(std::string("paper/") + file))) << file;
  }
  EXPECT_NE(bytes("paper/tables.md").find("phantoms, made-up patients"), std::string::npos);
  EXPECT_NE(bytes("paper/report.html").find("phantoms, made-up patients"), std::string::npos);
  const Outcome half = run("reproduce --no-train -o x --train-data " + path("cohort"));
  EXPECT_EQ(half.status, 2);
  EXPECT_NE(half.err.find("--train-data requires --test-data"), std::string::npos) << half.err;
}

TEST_F(Cli, QuietPrintsNothing) {
  const Outcome outcome = run("evaluate " + labels() + " " + labels() + " --quiet");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(Cli, MissingTumourLabelNamesTheLabelsPresent) {
  expect_refused("filter " + ct() + " " + labels() + " --tumour-label 9", 2, "1, 2, 3");
}

TEST_F(Cli, AnotherGridIsRefused) {
  ASSERT_EQ(run("phantom -o " + path("other") + " --cases 1 --seed 6 --quiet").status, 0);
  expect_refused("filter " + ct() + " " + path("other/labelsTr/phantom_000.nii.gz"), 2, "grid");
  const Outcome outcome = run("evaluate " + labels() + " " + path("other/labelsTr/phantom_000.nii.gz"));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("another grid"), std::string::npos) << outcome.err;
}

TEST_F(Cli, BrokenImagesAreRefused) {
  make_folder(path("empty"));
  expect_refused("segment " + path("empty"), 3, "empty");
  write_text_file(path("text.nii.gz"), "this is not an image\n");
  expect_refused("segment " + path("text.nii.gz"), 5, "text.nii.gz");
  const std::string whole = read_text_file(ct());
  write_text_file(path("cut.nii.gz"), whole.substr(0, whole.size() / 2));
  expect_refused("segment " + path("cut.nii.gz"), 5, "cut.nii.gz");
  expect_refused("segment " + path("none.nii.gz"), 3, "none.nii.gz");
}

TEST_F(Cli, AFullDiskLeavesNothing) {
  // The label map needs more than the 2 blocks of 512 bytes that the limit allows.
  const Outcome outcome =
      run("filter " + ct() + " " + labels() + " -o " + path("full") + " --quiet", "ulimit -f 2; ");
  // The limit also holds for the redirected stderr, which needs fewer bytes.
  EXPECT_EQ(outcome.status, 6) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_FALSE(fs::exists(path("full")));
}

TEST_F(Cli, AModelThatIsNotThereIsNamed) {
  expect_refused("segment " + ct() + " -m " + path("nomodel"), 3, "nomodel");
}

// A site's table of regions: tumours of probability 0.2 and 20 cysts of 0.9.
std::string region_table(int tumours) {
  std::string text = "case,region,probability_cyst,truth\n";
  for (int n = 0; n < tumours; ++n) text += "a," + std::to_string(n) + ",0.2,tumour\n";
  for (int n = 0; n < 20; ++n) text += "b," + std::to_string(n) + ",0.9,cyst\n";
  return text + "c,1,0.5,\n";
}

TEST_F(Cli, CalibrateWritesASitesThresholds) {
  write_text_file(path("regions.csv"), region_table(149));
  const Outcome outcome = run("calibrate " + path("regions.csv") + " -o " + path("site.json") + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto site = nlohmann::json::parse(bytes("site.json"));
  EXPECT_EQ(nlohmann::json::parse(outcome.out), site);
  EXPECT_DOUBLE_EQ(site["thresholds"]["cyst_probability"].get<double>(), 0.55);  // midway from 0.2 to 0.9
  EXPECT_NE(outcome.err.find("0 of 149, at most 1.99 %"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("regions without a truth, left out: 1"), std::string::npos) << outcome.err;
}

TEST_F(Cli, CalibrateRefusesASampleThatBoundsNothing) {
  write_text_file(path("few.csv"), region_table(148));
  expect_refused("calibrate " + path("few.csv"), 2, "at least 149 tumours are needed");
  write_text_file(path("semicolons.csv"), "probability_cyst;truth\n0,9;cyst\n");
  expect_refused("calibrate " + path("semicolons.csv"), 2, "separated by ';'");
}

TEST_F(Cli, FilterJudgesByEitherRule) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  for (const char* rule : {"paper", "evidence"}) {
    const Outcome outcome =
        run("filter " + ct() + " " + merged + " -o " + path("by_rule") + " --json --rule " + rule);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto json = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(json["format"], "hepar.lesions/2");
    EXPECT_EQ(json["rule"], rule);
    EXPECT_EQ(json["regions"][0]["probability_cyst"].is_null(), std::string(rule) == "paper");
    EXPECT_TRUE(fs::exists(path("by_rule/regions.csv")));
    fs::remove_all(path("by_rule"));
  }
  EXPECT_EQ(run("filter " + ct() + " " + merged + " --dry-run --rule guess").status, 2);
}

TEST_F(Cli, DryRunShowsATableAndWritesNothing) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  const Outcome outcome = run("filter " + ct() + " " + merged + " --dry-run -o " + path("dry"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char* word : {"volume", "P(cyst)", "verdict", "Nothing was written"}) {
    EXPECT_NE((outcome.out + outcome.err).find(word), std::string::npos) << word;
  }
  EXPECT_FALSE(fs::exists(path("dry")));
  EXPECT_EQ(run("filter " + ct() + " " + merged + " --dry-run --json").status, 0);
  const Outcome nowhere = run("filter " + ct() + " " + merged);
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_NE(nowhere.err.find("-o, or --dry-run"), std::string::npos) << nowhere.err;
}

TEST_F(Cli, FilterTakesASitesThresholdsAndRefusesBadOnes) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  write_text_file(
      path("site.json"),
      R"({"format": "hepar.site/1", "thresholds": {"cyst_probability": 1.0, "tumour_probability": 0.25}})");
  const Outcome strict =
      run("filter " + ct() + " " + merged + " --dry-run --json --site " + path("site.json"));
  ASSERT_EQ(strict.status, 0) << strict.err;
  const auto json = nlohmann::json::parse(strict.out);
  EXPECT_EQ(json["cyst_probability"], 1.0);
  for (const auto& region : json["regions"]) EXPECT_NE(region["verdict"], "cyst");
  write_text_file(path("site.json"), "{");
  expect_refused("filter " + ct() + " " + merged + " --site " + path("site.json"), 5, "site.json");
}

TEST_F(Cli, OpeningListsWhatItTakes) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  const Outcome outcome =
      run("filter " + ct() + " " + merged + " --dry-run --json --open-mm 12 --within-liver --close-mm 1");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  int opened = 0;
  const auto json = nlohmann::json::parse(outcome.out);
  for (const auto& region : json["regions"]) opened += region["verdict"] == "opened";
  EXPECT_GT(opened, 0);
}

TEST_F(Cli, CtsThatAreNotInHuAreRefused) {
  const std::string merged = merged_labels(labels(), path("merged.nii.gz"));
  const CtVolume real = read_ct(ct()).voxels;
  CtVolume wrong = real;
  for (float& hu : wrong.voxels()) hu = hu + 1024;
  write_ct(path("shifted.nii.gz"), wrong);
  expect_refused("filter " + path("shifted.nii.gz") + " " + merged, 2, "intercept");
  for (std::size_t n = 0; n < wrong.voxels().size(); ++n) {
    wrong.voxels()[n] = std::round(std::clamp((real.voxels()[n] + 160) / 400 * 255, 0.0F, 255.0F));
  }
  write_ct(path("picture.nii.gz"), wrong);
  expect_refused("filter " + path("picture.nii.gz") + " " + merged, 2, "8-bit");
}

}  // namespace
}  // namespace hepar
