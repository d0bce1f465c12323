// SPDX-License-Identifier: Apache-2.0
// A plugin of a version that never was, for torch_engine_cli_test.cc.
extern "C" const char* hepar_plugin_version() { return "0.0.0-other"; }
