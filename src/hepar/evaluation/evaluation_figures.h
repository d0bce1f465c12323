// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hepar/evaluation/evaluation.h"
#include "hepar/figures/picture.h"

namespace hepar {

// A plot of an evaluation, drawn when asked.
struct EvaluationFigure {
  std::string stem;               // of its file name, such as "box_dsc"
  std::string caption, alt_text;  // for a page
  std::function<std::string(PictureFormat)> draw;
};

// Box plots of DSC and HD95 of every region and method (Figure 4 of the paper), and for each method and
// region with two cases or more the agreement of the volumes (Bland and Altman).
std::vector<EvaluationFigure> evaluation_figures(const Evaluation& evaluation);

// Writes each as STEM.svg and STEM.png into an existing folder.
void write_figures(const std::vector<EvaluationFigure>& figures, const std::filesystem::path& folder);

}  // namespace hepar
