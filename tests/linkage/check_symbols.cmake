# SPDX-License-Identifier: Apache-2.0
# Fails unless the symbols that LIBRARY defines for others are WANTED: names in ascending order, between "|".
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} --dynamic --defined-only --format=just-symbols ${LIBRARY}
                OUTPUT_VARIABLE symbols OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" symbols "${symbols}")
list(SORT symbols)
list(JOIN symbols "|" symbols)
if(NOT symbols STREQUAL WANTED)
  message(FATAL_ERROR "${LIBRARY} shows ${symbols}, not ${WANTED}")
endif()
