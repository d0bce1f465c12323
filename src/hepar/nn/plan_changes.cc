// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/plan_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/json_file.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Json = JsonNode::Json;

// The architecture that a configuration has or inherits; read_plan() has checked that there is no circle.
const Json* architecture_of(const Json& configurations, std::string name) {
  for (;;) {
    const Json& configuration = configurations.at(name);
    if (configuration.contains("architecture")) return &configuration.at("architecture");
    if (!configuration.contains("inherits_from")) return nullptr;
    name = configuration.at("inherits_from").get<std::string>();
  }
}

void set_dropout(Json& configurations, const ModelPlan& plan, double dropout, const fs::path& file) {
  const Json* inherited = architecture_of(configurations, plan.configuration);
  if (inherited == nullptr) {
    if (dropout == 0) return;
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("{} is of an nnU-Net before 2.3 and has no place for a dropout of {}; plan the dataset "
                    "again or train with --dropout 0",
                    file.string(), dropout));
  }
  Json architecture = *inherited;
  Json& arguments = architecture["arch_kwargs"];
  const std::string layer = plan.two_dimensional ? "Dropout2d" : "Dropout3d";
  arguments["dropout_op"] = dropout > 0 ? Json("torch.nn.modules.dropout." + layer) : Json(nullptr);
  arguments["dropout_op_kwargs"] = dropout > 0 ? Json{{"p", dropout}, {"inplace", true}} : Json(nullptr);
  configurations[plan.configuration]["architecture"] = architecture;
}

}  // namespace

ModelPlan changed_plan(ModelPlan plan, const PlanChanges& changes) {
  if (changes.batch_size) plan.batch_size = *changes.batch_size;
  if (changes.dropout) plan.network.dropout = *changes.dropout > 0 ? changes.dropout : std::nullopt;
  if (changes.patch_size) plan.patch_size = *changes.patch_size;
  const Kernel3 divisor = plan.network.size_divisor();
  std::int64_t lowest = 1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (plan.patch_size[axis] < 1 || plan.patch_size[axis] % divisor[axis] != 0) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("a patch of {} does not fit the planned network; give multiples of {}",
                              fmt::join(plan.patch_size, " x "), fmt::join(divisor, " x ")));
    }
    lowest *= plan.patch_size[axis] / divisor[axis];
  }
  if (lowest == 1) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("a patch of {} leaves the planned network a single voxel at its lowest resolution; "
                    "give a larger one, in multiples of {}",
                    fmt::join(plan.patch_size, " x "), fmt::join(divisor, " x ")));
  }
  return plan;
}

void write_changed_plan(const fs::path& from, const fs::path& to, const std::string& configuration,
                        const PlanChanges& changes) {
  const ModelPlan plan = read_plan(from, configuration);
  Json document = parse_json_file(from);
  Json& configurations = document["configurations"];
  if (changes.patch_size) {
    const auto& patch = *changes.patch_size;
    configurations[configuration]["patch_size"] =
        std::vector<std::int64_t>(patch.begin() + (plan.two_dimensional ? 1 : 0), patch.end());
  }
  if (changes.batch_size) configurations[configuration]["batch_size"] = *changes.batch_size;
  if (changes.dropout && *changes.dropout != plan.network.dropout.value_or(0))
    set_dropout(configurations, plan, *changes.dropout, from);
  write_text_file(to, document.dump(4) + "\n");
}

}  // namespace hepar
