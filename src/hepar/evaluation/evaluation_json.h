// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hepar/evaluation/evaluation.h"

namespace hepar {

// The document "hepar.evaluation/2" (docs/reference/formats.md), with a newline at its end. File paths are
// written relative to `folder`, where the document will lie; none when `folder` is empty.
std::string evaluation_json(const Evaluation& evaluation, const std::filesystem::path& folder = {});

// Reads it back, with paths seen from `folder`. Error(kCorrupt) for what is no such document,
// Error(kUnsupported) for another version.
Evaluation read_evaluation_json(std::string_view text, const std::filesystem::path& folder);

}  // namespace hepar
