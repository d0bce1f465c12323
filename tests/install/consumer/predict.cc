// SPDX-License-Identifier: Apache-2.0
// predict MODEL CT LABELS: any nnU-Net v2 model on one CT.
#include <cstdio>

#include "hepar/core/error.h"
#include "hepar/infer/model.h"
#include "hepar/io/image_io.h"
#include "hepar/nn_cpu/cpu_engine.h"

struct Dots : hepar::Progress {  // override cancelled() to stop a prediction
  void update(std::string_view stage, double done) override {
    std::printf("%.*s %3.0f %%\n", static_cast<int>(stage.size()), stage.data(), 100 * done);
  }
};

int main(int, char** argv) try {
  const auto engine = [](const hepar::ModelPlan& plan, const hepar::Weights& weights) {
    return hepar::make_cpu_engine(plan.network, weights);
  };
  const hepar::Model model = hepar::load_model(argv[1], engine);  // once; threads may share it
  const hepar::CtImage ct = hepar::read_ct(argv[2]);
  Dots dots;
  hepar::write_labels(argv[3], model.predict(ct.voxels, {.mirror = false}, &dots));
} catch (const hepar::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return hepar::exit_status(error.code());
}
