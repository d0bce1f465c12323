// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/frame_of_reference.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/uid.h"

namespace hepar {

std::string frame_of_reference_for(const CtGrid& ct) {
  return dicom::can_be_referred_to(ct.frame_of_reference_uid)
             ? ct.frame_of_reference_uid
             : dicom::uid_from(fmt::format("frame of reference of {}", ct.series_uid));
}

namespace dicom {
namespace {

bool is_made_up(const CtGrid& ct) { return frame_of_reference_for(ct) != ct.frame_of_reference_uid; }

}  // namespace

bool shares_frame(const std::string& uid, const CtGrid& ct, std::string_view what) {
  if (uid.empty()) return false;
  if (uid == frame_of_reference_for(ct) || uid == ct.frame_of_reference_uid) return true;
  if (is_made_up(ct)) return false;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("the {}'s frame of reference is another one than the CT's, so that its coordinates mean "
                  "other places; give the CT that it was drawn on",
                  what));
}

std::optional<std::string> made_up_frame_note(const CtGrid& ct, std::string_view kind) {
  if (!is_made_up(ct)) return std::nullopt;
  return fmt::format(
      "the CT has no valid frame of reference, and {} {} with no frame of reference is not allowed; {} was "
      "made up "
      "from the series UID and put in its place",
      kind == "RTSTRUCT" ? "an" : "a", kind, frame_of_reference_for(ct));
}

}  // namespace dicom
}  // namespace hepar
