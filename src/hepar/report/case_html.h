// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "hepar/report/document.h"

namespace hepar {

struct ReportVerdict {
  std::string_view name;
  bool worth_a_look;
};
inline constexpr std::array<ReportVerdict, 5> kReportVerdicts{
    {{"tumour", false}, {"cyst", false}, {"doubtful", true}, {"opened", true}, {"missed", true}}};

// The verdict in words beside a shape of its own (the symbols "i-tumour" .. of the page); nothing for an
// empty one.
std::string badge_html(std::string_view verdict);

// Anchors: "case-1" is the first case, "case-1-2" its second lesion.
std::string case_anchor(std::size_t case_number);
std::string lesion_anchor(std::size_t case_number, std::size_t lesion_number);

// All there is to say about a case. Numbers begin at 0.
std::string case_html(const ReportCase& report, std::size_t case_number);

}  // namespace hepar
