# SPDX-License-Identifier: Apache-2.0
# Fails when PROGRAM loads a shared library, directly or not, whose name matches FORBIDDEN.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ldd ${PROGRAM} OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if(libraries MATCHES "[^\n]*(${FORBIDDEN})[^\n]*")
  message(FATAL_ERROR "${PROGRAM} loads ${CMAKE_MATCH_0}")
endif()
