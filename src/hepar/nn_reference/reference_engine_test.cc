// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_reference/reference_engine.h"

#include "hepar/nn/test_engine_conformance.h"

namespace hepar::conformance {

// The reference is the oracle.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineAgreement);

INSTANTIATE_TEST_SUITE_P(Reference, EngineConformance,
                         testing::Values(EngineUnderTest{"reference", &make_reference_engine}));

}  // namespace hepar::conformance
