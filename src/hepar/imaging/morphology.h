// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/volume/volume.h"

namespace hepar {

// Morphology of a mask (any value but 0 is inside) by a ball: all voxel centres within `radius_mm` (up to
// 1e-6 mm) of the ball's centre, whatever the spacing. The results hold 0 and 1. Beyond the image lies
// background without end: nothing grows in from there, erosion eats from the border too, and closing never
// takes a voxel away, nor opening add one. Time and memory (9 bytes per voxel) go by the box around the
// mask, grown by the radius. Radius 0 changes nothing; Error(kInvalidInput) when it is negative or not
// finite. Source: Serra, Image Analysis and Mathematical Morphology, 1982, by the distance transform.
Mask dilate(const Mask& mask, double radius_mm);
Mask erode(const Mask& mask, double radius_mm);
Mask opening(const Mask& mask, double radius_mm);  // erosion, then dilation: removes what no ball fits into
Mask closing(const Mask& mask, double radius_mm);  // dilation, then erosion: fills gaps no ball fits into

}  // namespace hepar
