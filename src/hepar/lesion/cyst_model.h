// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hepar/lesion/liver_reference.h"
#include "hepar/lesion/region_evidence.h"

namespace hepar {

// The posterior odds of "cyst" against "tumour" as a sum of natural logarithms: the prior, and what each kind
// of evidence adds to it in this order, 0 where it could not be measured. A region is a cyst, a solid, a
// necrotic or a hypodense tumour; each has its own law of core HU, border and evenness. Formulae and the
// source of every constant: docs/lesions.md.
struct CystOdds {
  double prior = 0;
  double attenuation = 0;  // core HU
  double edge = 0;         // where the dark part ends and how sharply
  double evenness = 0;     // interior against noise
  double log_odds() const { return prior + attenuation + edge + evenness; }
  double probability() const;
};

CystOdds weigh_evidence(const RegionEvidence& evidence, const LiverReference& liver);

// What is left of a border's width without the scan's point spread and the contour's steps of a pixel (SD
// pixel / sqrt(12)), subtracted in quadrature; 0 for a sharp border.
double excess_width_mm(const EdgeFit& edge, double psf_sigma_mm);

// HU that a core must stay below with two standard errors to be called a cyst: the ceiling of 20 HU in use
// for simple cysts (Gore et al., J. Am. Coll. Radiol. 14:1429, 2017) and 10 HU for pseudo-enhancement beside
// enhanced tissue; 5 HU beside unenhanced tissue.
double core_ceiling_hu(const LiverReference& liver);

// Below max(7 mm, 1.6 slices) partial volume and noise leave no core to judge.
bool too_small(const RegionEvidence& evidence, double slice_mm);

// Below 20 mm the rim of a necrotic tumour may be thinner than CT shows: nothing but an evident cyst
// (probability 0.985 or more) is one.
bool rim_may_be_unseen(const RegionEvidence& evidence, double probability);

// A rim: the dark part ends far inside the contour, its border is far wider than any point spread, or there
// is tissue brighter than the liver around it. rim_words() says which.
bool shows_rim(const RegionEvidence& evidence, const LiverReference& liver);
std::string rim_words(const RegionEvidence& evidence, const LiverReference& liver);
double rim_excess_hu(const RegionEvidence& evidence, const LiverReference& liver);

// Far from a ball or an ellipsoid of like axes.
bool is_irregular(const RegionEvidence& evidence);

// The interior's blocks differ far more than noise lets them.
bool is_uneven(const RegionEvidence& evidence);

}  // namespace hepar
