// SPDX-License-Identifier: Apache-2.0
// Reads mutated files until something else than a result or an Error comes of one: see README.md.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "hepar/core/error.h"
#include "mutation.h"
#include "samples.h"

namespace hepar::fuzz {
namespace {
namespace fs = std::filesystem;

constexpr unsigned kLongestSeconds = 30;  // for one file, in a slow sanitizer build on a busy machine

extern "C" void say_that_it_hangs(int) {
  constexpr char kText[] = "a file is not done with after 30 seconds\n";
  static_cast<void>(!::write(STDERR_FILENO, kText, sizeof(kText) - 1));
  std::_Exit(3);
}

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// What came of reading: a word for the counts; `failure` tells what must not be.
std::string outcome(const Sample& sample, const fs::path& folder, std::string& failure) {
  constexpr const char* kCodes[] = {"invalid",   "missing",   "unsupported", "corrupt",
                                    "exhausted", "cancelled", "internal"};
  try {
    sample.read(folder);
    return "read";
  } catch (const Error& error) {
    const std::string text = error.what();
    if (error.code() == ErrorCode::kInternal || error.code() == ErrorCode::kExhausted) failure = text;
    if (text.empty() || text.find('\n') != std::string::npos) failure = "not one line: " + text;
    return kCodes[static_cast<std::size_t>(error.code())];
  } catch (const std::exception& error) {
    failure = error.what();
    return "failed";
  }
}

class Run {
 public:
  Run(fs::path folder, std::uint64_t seed)
      : folder_(std::move(folder)), seed_(seed), samples_(make_samples(folder_ / "samples")) {}

  // Mutates and reads file `n`; false when that failed.
  bool read(std::uint64_t n) {
    std::mt19937_64 random(seed_ * 1000003 + n);
    const Sample& sample = samples_[n % samples_.size()];
    const Sample& other = samples_[random() % samples_.size()];
    const fs::path work = folder_ / "mutated";
    fs::remove_all(work);
    fs::copy(sample.folder, work, fs::copy_options::recursive);
    const std::string bytes =
        mutated(bytes_of(sample.folder / sample.mutated), bytes_of(other.folder / other.mutated), random);
    std::ofstream(work / sample.mutated, std::ios::binary) << bytes;
    std::string failure;
    ::alarm(kLongestSeconds);
    ++counts_[sample.name][outcome(sample, work, failure)];
    ::alarm(0);
    if (failure.empty()) return true;
    fmt::print(stderr, "file {} ({}): {}\n", n, sample.name, failure);
    return false;
  }

  void print_counts() const {
    for (const auto& [name, outcomes] : counts_) {
      fmt::print("{}:", name);
      for (const auto& [what, count] : outcomes) fmt::print(" {} {}", count, what);
      fmt::print("\n");
    }
  }

 private:
  fs::path folder_;
  std::uint64_t seed_;
  std::vector<Sample> samples_;
  std::map<std::string, std::map<std::string, int>> counts_;
};

std::uint64_t argument(int argc, char** argv, int n, std::uint64_t otherwise) {
  std::uint64_t value = otherwise;
  if (n < argc) std::from_chars(argv[n], argv[n] + std::strlen(argv[n]), value);
  return value;
}

int main_of(int argc, char** argv) {
  const std::uint64_t count = argument(argc, argv, 1, 300), seed = argument(argc, argv, 2, 1),
                      first = argument(argc, argv, 3, 0);
  std::signal(SIGALRM, say_that_it_hangs);
  const fs::path folder = fs::temp_directory_path() / fmt::format("hepar_mutations_{}", ::getpid());
  fs::create_directories(folder);
  fmt::print(stderr, "The file at hand is in {}\n", (folder / "mutated").string());
  Run run(folder, seed);
  std::uint64_t failures = 0;
  for (std::uint64_t n = first; n < first + count; ++n) failures += run.read(n) ? 0 : 1;
  run.print_counts();
  if (failures > 0) return 1;
  fs::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace hepar::fuzz

int main(int argc, char** argv) { return hepar::fuzz::main_of(argc, argv); }
