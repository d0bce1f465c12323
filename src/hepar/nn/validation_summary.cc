// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/validation_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

struct EvaluatedClass {
  std::string name, key;
  std::vector<int> values;
};

std::vector<EvaluatedClass> evaluated_classes(const DatasetLabels& labels) {
  std::vector<EvaluatedClass> classes;
  for (const auto& [name, values] : labels.regions) {
    const std::string key = values.size() == 1 ? fmt::format("{}", values.front())
                                               : fmt::format("({})", fmt::join(values, ", "));
    classes.push_back({name, key, values});
  }
  return classes;
}

bool is_in(int label, const std::vector<int>& values) {
  return std::find(values.begin(), values.end(), label) != values.end();
}

struct Metric {
  const char* key;
  std::function<std::optional<double>(const OverlapCounts&)> value;
};

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> list{
      {"Dice", [](const OverlapCounts& c) { return c.dice(); }},
      {"FN", [](const OverlapCounts& c) { return static_cast<double>(c.fn); }},
      {"FP", [](const OverlapCounts& c) { return static_cast<double>(c.fp); }},
      {"IoU", [](const OverlapCounts& c) { return c.iou(); }},
      {"TN", [](const OverlapCounts& c) { return static_cast<double>(c.tn); }},
      {"TP", [](const OverlapCounts& c) { return static_cast<double>(c.tp); }},
      {"n_pred", [](const OverlapCounts& c) { return static_cast<double>(c.tp + c.fp); }},
      {"n_ref", [](const OverlapCounts& c) { return static_cast<double>(c.tp + c.fn); }}};
  return list;
}

constexpr const char* kUndefined = "\x01not defined";  // no text that a file name could hold

Json number_or_undefined(const std::optional<double>& value) { return value ? Json(*value) : Json(kUndefined); }

Json case_json(const ValidatedCase& one, const std::vector<EvaluatedClass>& classes) {
  Json by_class = Json::object();
  for (std::size_t n = 0; n < classes.size(); ++n) {
    for (const Metric& metric : metrics()) {
      const auto value = metric.value(one.counts[n]);
      const bool is_share = std::string_view(metric.key) == "Dice" || std::string_view(metric.key) == "IoU";
      by_class[classes[n].key][metric.key] =
          is_share ? number_or_undefined(value) : Json(static_cast<std::int64_t>(*value));
    }
  }
  return {{"metrics", by_class}, {"prediction_file", one.prediction_file}, {"reference_file", one.reference_file}};
}

std::optional<double> mean_over(const std::vector<ValidatedCase>& cases, std::size_t n, const Metric& metric) {
  double sum = 0;
  std::int64_t count = 0;
  for (const ValidatedCase& one : cases) {
    if (const auto value = metric.value(one.counts[n])) {
      sum += *value;
      ++count;
    }
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

// As NumPy's mean: not defined as soon as one is not.
std::optional<double> plain_mean(const std::vector<std::optional<double>>& values) {
  double sum = 0;
  for (const auto& value : values) {
    if (!value) return {};
    sum += *value;
  }
  return values.empty() ? std::nullopt : std::optional(sum / static_cast<double>(values.size()));
}

std::optional<double> ratio(std::int64_t numerator, std::int64_t denominator) {
  if (denominator == 0) return {};
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

}  // namespace

std::optional<double> OverlapCounts::dice() const { return ratio(2 * tp, 2 * tp + fp + fn); }
std::optional<double> OverlapCounts::iou() const { return ratio(tp, tp + fp + fn); }

std::vector<OverlapCounts> count_overlaps(std::span<const std::int16_t> prediction,
                                          std::span<const std::int16_t> reference, const DatasetLabels& labels) {
  HEPAR_EXPECT(prediction.size() == reference.size(), "label maps of different sizes");
  const auto classes = evaluated_classes(labels);
  std::vector<OverlapCounts> counts(classes.size());
  for (std::size_t v = 0; v < prediction.size(); ++v) {
    if (labels.ignore_label && reference[v] == *labels.ignore_label) continue;
    for (std::size_t n = 0; n < classes.size(); ++n) {
      const bool predicted = is_in(prediction[v], classes[n].values), truth = is_in(reference[v], classes[n].values);
      ++(predicted ? (truth ? counts[n].tp : counts[n].fp) : (truth ? counts[n].fn : counts[n].tn));
    }
  }
  return counts;
}

void write_validation_summary(const std::filesystem::path& file, const std::vector<ValidatedCase>& cases,
                              const DatasetLabels& labels) {
  const auto classes = evaluated_classes(labels);
  Json foreground, mean, by_case = Json::array();
  for (const Metric& metric : metrics()) {
    std::vector<std::optional<double>> means;
    for (std::size_t n = 0; n < classes.size(); ++n) {
      means.push_back(mean_over(cases, n, metric));
      mean[classes[n].key][metric.key] = number_or_undefined(means.back());
    }
    foreground[metric.key] = number_or_undefined(plain_mean(means));
  }
  for (const ValidatedCase& one : cases) by_case.push_back(case_json(one, classes));
  std::string text =
      Json{{"foreground_mean", foreground}, {"mean", mean}, {"metric_per_case", by_case}}.dump(4, ' ', true);
  const std::string undefined = Json(kUndefined).dump(-1, ' ', true);
  for (auto at = text.find(undefined); at != std::string::npos; at = text.find(undefined, at))
    text.replace(at, undefined.size(), "NaN");
  write_text_file(file, text + "\n");
}

std::vector<MeanDice> mean_dice(const std::vector<ValidatedCase>& cases, const DatasetLabels& labels) {
  std::vector<MeanDice> means;
  const auto classes = evaluated_classes(labels);
  for (std::size_t n = 0; n < classes.size(); ++n) {
    const auto defined = std::count_if(cases.begin(), cases.end(),
                                       [&](const ValidatedCase& one) { return one.counts[n].dice().has_value(); });
    means.push_back({classes[n].name, mean_over(cases, n, metrics().front()), defined});
  }
  return means;
}

}  // namespace hepar
