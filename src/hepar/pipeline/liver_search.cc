// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/liver_search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

WantedLabels wanted_of(const LiverLabels& labels) {
  WantedLabels wanted{labels.liver, labels.tumour};
  wanted.lesions.insert(wanted.lesions.end(), labels.cyst.begin(), labels.cyst.end());
  return wanted;
}

[[noreturn]] void refuse_coarse_model(const ModelFolder& coarse) {
  std::vector<std::string> names;
  for (const auto& [name, values] : coarse.labels.regions) names.push_back(name);
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("the coarse model in {} has no label named as a liver, it has {}; take the folder "
                          "away or give --search full",
                          coarse.path.string(), fmt::join(names, ", ")));
}

}  // namespace

std::string_view search_name(Search search) {
  return search == Search::kFull ? "full" : search == Search::kBody ? "body" : "liver";
}

LiverSearch plan_liver_search(PredictOptions options, Model& model, const LiverLabels& meaning,
                              const EngineFactory& make_engine) {
  if (options.search != Search::kLabels) return {std::move(options), {}};
  const auto body = [&](std::string reason) {
    options.search = Search::kBody;
    return LiverSearch{std::move(options), std::move(reason)};
  };
  if (!meaning.others.empty()) {
    return body(fmt::format("the model has labels besides the liver's: {}", fmt::join(meaning.others, ", ")));
  }
  options.searched.own = wanted_of(meaning);
  load_coarse_model(model, make_engine);
  if (model.coarse() != nullptr)
    options.searched.coarse = wanted_of(find_liver_values(model.coarse()->folder().labels));
  if (!options.searched.coarse.liver.empty()) return {std::move(options), {}};
  if (meaning.liver.empty())
    return body("the model has no label named as a liver, and no coarse model has one");
  if (model.coarse() != nullptr) refuse_coarse_model(model.coarse()->folder());
  return {std::move(options), {}};
}

std::string search_note(const SearchRecord& record) {
  const bool all = record.windows_covered == record.windows;
  const std::string covered =
      fmt::format("{} of the full grid's {} windows", record.windows_covered, record.windows);
  const std::string air =
      all ? std::string() : std::string("; the others hold nothing but air and count as background");
  if (!record.not_searched.empty()) {
    return fmt::format("there was no search near the liver, as {}: {} ran{}", record.not_searched, covered,
                       air);
  }
  const std::string coarse = record.coarse_windows == 0
                                 ? std::string()
                                 : fmt::format(", after a coarse pass of {} windows", record.coarse_windows);
  const std::string passes =
      record.passes > 1 ? fmt::format(" in {} passes of {} windows in all", record.passes, record.windows_run)
                        : std::string();
  if (!record.fallback.empty()) {
    return fmt::format("the search near the liver was given up, as {}: {} ran{}{}{}", record.fallback,
                       covered, passes, coarse, air);
  }
  if (all) return {};
  if (record.effective != Search::kLabels) return fmt::format("{} ran{}", covered, air);
  const std::string dropped =
      record.dropped_parts == 0
          ? std::string()
          : fmt::format(
                "; small parts of the coarse finding without a lesion ({}, {:.1f} mL in all) were not "
                "taken for liver",
                record.dropped_parts, record.dropped_ml);
  return fmt::format("{} ran{}{}; all others count as background{}", covered, passes, coarse, dropped);
}

}  // namespace hepar
