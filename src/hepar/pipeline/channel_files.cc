// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/channel_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "hepar/core/error.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

// "_0000" between name and ending; nnunetv2/utilities/utils.py.
constexpr std::size_t kChannelDigits = 4;

struct ParsedName {
  std::string name;
  std::size_t channel;
};

std::optional<ParsedName> parse(const std::string& file, const std::string& ending) {
  const std::size_t tail = 1 + kChannelDigits + ending.size();
  if (!file.ends_with(ending) || file.size() <= tail) return {};
  const std::string name = file.substr(0, file.size() - tail);
  const std::string digits = file.substr(name.size() + 1, kChannelDigits);
  const bool numbered =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (file[name.size()] != '_' || !numbered) return {};
  return ParsedName{name, std::stoul(digits)};
}

}  // namespace

std::vector<ChannelFiles> find_channel_files(const fs::path& folder, const std::string& file_ending) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", folder.string()));
  }
  std::map<std::string, std::map<std::size_t, fs::path>> cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const auto parsed = parse(entry.path().filename().string(), file_ending))
      cases[parsed->name][parsed->channel] = entry.path();
  }
  if (cases.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has no file NAME_0000{}; nnU-Net names the channels of a case NAME_0000, "
                            "NAME_0001 and so on, with the ending that dataset.json gives",
                            folder.string(), file_ending));
  }
  std::vector<ChannelFiles> list;
  for (const auto& [name, channels] : cases) {
    ChannelFiles files{name, {}};
    for (const auto& [channel, path] : channels) files.files.push_back(path);
    list.push_back(std::move(files));
  }
  return list;
}

LoadedChannels read_channels(const ChannelFiles& files, std::size_t count, const ReadOptions& options) {
  if (files.files.size() != count) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} has {} channel files, the model wants {}",
                                                      files.name, files.files.size(), count));
  }
  LoadedChannels loaded;
  for (std::size_t n = 0; n < count; ++n) {
    const fs::path& file = files.files[n];
    if (file.filename().string().find(fmt::format("{}_{:04}", files.name, n)) != 0) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} has no channel {:04}; its files are numbered from 0000 on", files.name, n));
    }
    CtImage image = read_ct(file, options);
    for (const std::string& note : image.notes) {
      loaded.notes.push_back(fmt::format("{}: {}", file.filename().string(), note));
    }
    loaded.channels.push_back(std::move(image.voxels));
    const auto difference =
        grid_difference(loaded.channels.front().geometry(), loaded.channels.back().geometry());
    if (difference) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("the channels of {} lie on different grids: {} in {}",
                                                        files.name, *difference, file.filename().string()));
    }
  }
  return loaded;
}

}  // namespace hepar
