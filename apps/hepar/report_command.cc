// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/pipeline/report_page.h"

namespace hepar {

Command make_report_command() {
  auto request = std::make_shared<ReportRequest>();
  return {.name = "report",
          .summary = "One self-contained HTML page of what another command wrote.",
          .sources = {"Contours' colours: Lin et al., Front. Oncol. 14:1423774, 2024, Figure 5"},
          .bind =
              [request](CLI::App& app) {
                app.add_option("folder", request->folder,
                               "What `evaluate -o`, `segment`, `filter` or `reproduce` wrote")
                    ->required();
                app.add_option("-o,--output", request->page, "The page; default: report.html in that folder");
                app.add_option("--ct", request->ct, "CT of a single case; default: the one it was made from");
                app.add_option("--max-mb", request->most_mb,
                               "Largest page in megabytes; slices are left out to keep to it")
                    ->check(CLI::Range(0.1, 1000.0))
                    ->capture_default_str();
              },
          .run =
              [request](Console& console) {
                const std::filesystem::path page = write_report_page(*request, &console);
                if (console.json) {
                  console.result(fmt::format(R"({{"format": "hepar.report/1", "bytes": {}}})",
                                             std::filesystem::file_size(page)));
                }
                console.say(fmt::format("{} ({:.1f} MB): open it in a browser; it loads nothing else.",
                                        page.string(),
                                        static_cast<double>(std::filesystem::file_size(page)) / 1e6));
              }};
}

}  // namespace hepar
