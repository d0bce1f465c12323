// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_properties.h"

#include "hepar/core/error.h"
#include "hepar/plan/nonzero.h"
#include "hepar/plan/preprocess.h"
#include "hepar/tensors/pickle_writer.h"

namespace hepar {
namespace {

template <class Value>
PickledValue value_of(Value value) {
  return {value};
}

template <class Items>
PickledValue tuple_of(const Items& items) {
  PickledTuple tuple;
  for (const auto& item : items) tuple.items.push_back(value_of(item));
  return {tuple};
}

// As ITK gives it: x, y, z in LPS; the direction row by row.
PickledValue itk_grid(const Geometry& grid) {
  std::vector<double> direction;
  for (const auto& row : grid.direction.at) direction.insert(direction.end(), row.begin(), row.end());
  PickledDict stuff;
  const auto vector = [](Vec3 v) { return tuple_of(std::vector<double>{v.x, v.y, v.z}); };
  stuff.items = {{"spacing", vector(grid.spacing_mm)},
                 {"origin", vector(grid.origin_mm)},
                 {"direction", tuple_of(direction)}};
  return {stuff};
}

// As nibabel gives it: RAS from index.
PickledValue nibabel_grid(const Geometry& grid) {
  PickledArray affine{{4, 4}, std::vector<double>(16, 0)};
  for (std::size_t row = 0; row < 3; ++row) {
    const double sign = row < 2 ? -1 : 1;  // RAS from LPS
    for (int column = 0; column < 3; ++column) {
      affine.values[4 * row + static_cast<std::size_t>(column)] =
          sign * grid.direction.at[row][static_cast<std::size_t>(column)] * grid.spacing_mm[column];
    }
    affine.values[4 * row + 3] = sign * grid.origin_mm[static_cast<int>(row)];
  }
  affine.values[15] = 1;
  PickledDict stuff;
  stuff.items = {{"original_affine", {affine}}};
  return {stuff};
}

}  // namespace

void write_case_properties(const std::filesystem::path& path, const ModelPlan& plan,
                           std::span<const CtVolume> channels) {
  HEPAR_EXPECT(plan.orientation.empty(), "two grids would be needed");
  const Geometry& grid = channels.front().geometry();
  const AxisOrder order = network_order(grid, plan);
  const Int3 size = reorient(grid, order).size;
  const Box3 crop = reordered_box(nonzero_box(channels), grid.size, order);
  const auto shape = [](Int3 s) { return tuple_of(std::vector<std::int64_t>{s.k, s.j, s.i}); };
  PickledList box;
  for (const int axis : {2, 1, 0}) {
    box.items.push_back({PickledList{{value_of(crop.low[axis]), value_of(crop.high[axis])}}});
  }
  const bool nibabel = plan.image_reader == "NibabelIO";
  PickledDict properties;
  properties.items = {
      {nibabel ? "nibabel_stuff" : "sitk_stuff", nibabel ? nibabel_grid(grid) : itk_grid(grid)},
      {"spacing",
       {PickledList{
           {value_of(grid.spacing_mm.z), value_of(grid.spacing_mm.y), value_of(grid.spacing_mm.x)}}}},
      {"shape_before_cropping", shape(size)},
      {"bbox_used_for_cropping", {box}},
      {"shape_after_cropping_and_before_resampling", shape(crop.size())}};
  write_pickle(path, {properties});
}

}  // namespace hepar
