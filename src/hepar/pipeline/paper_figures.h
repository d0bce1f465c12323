// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/evaluation/evaluation_figures.h"
#include "hepar/pipeline/reproduce.h"

namespace hepar {

// Figures 3, 4 and 5 of the paper, of our cases: "figure_3", the HU of the largest region that the paper's
// filter rightly called tumour and of the largest that it rightly called cyst, each with the fitted curve;
// "figure_4", box plots of Dice and HD95 of the tumour in every cohort; "figure_5", slices through the
// largest regions called cyst, with manual, predicted and filtered contours. One that there is nothing for is
// left out. Reads the predictions' folders.
std::vector<EvaluationFigure> paper_figures(const Reproduction& reproduction);

}  // namespace hepar
