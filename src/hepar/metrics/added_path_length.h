// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/volume/volume.h"

namespace hepar {

// Added path length in mm: how much contour must be drawn, slice by slice, to turn the prediction into the
// reference; the number of contour pixels of the reference from which no contour pixel of the prediction in
// the same slice lies within the tolerance, times the pixel size (the mean of the spacings along i and j).
// Slices are the grid's, of one k. Contour pixels are those of the mask with one of their four neighbours in
// the slice outside it; beyond the image all is outside. At tolerance 0, as published, only pixels that both
// contours share need no drawing; a larger one is measured between pixel centres. An empty reference gives 0,
// an empty prediction the whole contour of the reference; it is not symmetric. Masks of one size; any value
// but 0 is inside. Source: Vaassen et al., Phys. Imaging Radiat. Oncol. 13:1, 2020; the tolerance as in its
// first author's calculatePathLength.m (danielslobUM/pyAPL).
double added_path_length_mm(const Mask& prediction, const Mask& reference, double tolerance_mm = 0);

}  // namespace hepar
