# SPDX-License-Identifier: Apache-2.0
# cmake -DSTYLE=report.css -DSCRIPT=report.js -DOUTPUT=page_assets.cc -P EmbedPage.cmake
# Writes the C++ source with the bytes of both files.
cmake_minimum_required(VERSION 3.25)

set(source "// Written by cmake/EmbedPage.cmake.\n#include \"hepar/report/page_assets.h\"\n\nnamespace hepar {\n")
foreach(part IN ITEMS style script)
  string(TOUPPER ${part} variable)
  file(READ ${${variable}} text)
  string(FIND "${text}" "</" closing_tag)
  if(NOT closing_tag EQUAL -1 OR text MATCHES "[^\n -~]")
    message(FATAL_ERROR "${${variable}} must be ASCII without \"</\", which would end its element in the page")
  endif()
  string(APPEND source "std::string_view page_${part}() { return R\"~~(${text})~~\"; }\n")
endforeach()
file(WRITE ${OUTPUT} "${source}}  // namespace hepar\n")
