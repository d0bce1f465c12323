// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/io/image_io.h"
#include "hepar/volume/volume.h"

namespace hepar {

// One case of a folder named as nnU-Net names images: NAME_0000.ENDING, NAME_0001.ENDING, ..., one file for
// each channel.
struct ChannelFiles {
  std::string name;
  std::vector<std::filesystem::path> files;  // by channel
};

// The cases of a folder, sorted by name. Error(kMissing) without the folder, Error(kInvalidInput) without a
// file of such a name.
std::vector<ChannelFiles> find_channel_files(const std::filesystem::path& folder,
                                             const std::string& file_ending);

struct LoadedChannels {
  std::vector<CtVolume> channels;
  std::vector<std::string> notes;  // of the readers, with the file's name
};

// Reads a case's channels. Error(kInvalidInput) when they are not `count`, numbered from 0 on, or lie on
// different grids; errors of the reader pass through.
LoadedChannels read_channels(const ChannelFiles& files, std::size_t count, const ReadOptions& options = {});

}  // namespace hepar
