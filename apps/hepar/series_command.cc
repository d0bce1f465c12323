// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/series_listing.h"

namespace hepar {

Command make_series_command() {
  auto folder = std::make_shared<std::filesystem::path>();
  return {
      .name = "series",
      .summary = "List what a DICOM folder holds: patients, series, slices, spacing, problems.",
      .sources = {"A patient is told by the first 8 digits of SHA-256 of Patient ID, line feed, issuer"},
      .bind =
          [folder](CLI::App& app) {
            app.add_option("folder", *folder, "Folder, searched to any depth")->required();
          },
      .run =
          [folder](Console& console) {
            const FolderInventory inventory = take_inventory(*folder, &console);
            console.end_progress();
            if (inventory.series.empty() && inventory.unreadable.empty() && inventory.directory_count == 0) {
              throw Error(ErrorCode::kMissing, fmt::format("none of the {} files in {} is DICOM",
                                                           inventory.file_count, folder->string()));
            }
            if (console.json) console.result(inventory_json(inventory));
            console.say(inventory_text(inventory));
          }};
}

}  // namespace hepar
