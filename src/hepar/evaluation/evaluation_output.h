// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/evaluation/evaluation.h"

namespace hepar {

// Writes into the existing folder `staging`: evaluation.json (its paths relative to `target`, where it will
// lie), cases.csv, lesions.csv, summary.csv, comparisons.csv (with two methods or more), tables.md,
// tables.tex, and every figure as .svg and .png.
void write_evaluation(const Evaluation& evaluation, const std::filesystem::path& staging,
                      const std::filesystem::path& target);

// A screen for the terminal: the cases (at most 12), DSC and HD95 over the cases, the lesions found, and the
// comparison.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace hepar
