// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_writer.h"

#include <gtest/gtest.h>

#include "hepar/tensors/pickle_json.h"
#include "hepar/tensors/test_assembly.h"

namespace hepar {
namespace {

class PickleWriterTest : public FolderTest {};

TEST_F(PickleWriterTest, WhatItWritesIsReadBack) {
  write_pickle(folder_ / "p.pkl",
               {PickledDict{{{"list", {PickledList{{{1.5}, {true}, {}}}}},
                             {"shape", {PickledTuple{{{std::int64_t{3}}, {-(std::int64_t{1} << 40)}}}}},
                             {"text", {std::string("caf\xc3\xa9")}},
                             {"empty", {PickledDict{}}},
                             {"affine", {PickledArray{{2, 2}, {1, 0, 0.25, -3}}}}}}});
  const std::string bytes = read_text_file(folder_ / "p.pkl");
  const Pickle pickle(std::as_bytes(std::span(bytes)), "p.pkl");
  EXPECT_EQ(pickle_json(pickle.root(), {}, "p.pkl"),
            "{\"list\":[1.5,true,null],\"shape\":[3,-1099511627776],\"text\":\"caf\xc3\xa9\",\"empty\":{},"
            "\"affine\":[[1.0,0.0],[0.25,-3.0]]}");
  EXPECT_TRUE(pickle.root().find("shape")->is(PickleValue::Kind::kTuple));
}

TEST_F(PickleWriterTest, ArraysMustFitTheirShape) {
  error_of(ErrorCode::kInternal, [&] { write_pickle(folder_ / "p.pkl", {PickledArray{{2}, {1, 2, 3}}}); });
  EXPECT_FALSE(std::filesystem::exists(folder_ / "p.pkl"));
}

}  // namespace
}  // namespace hepar
